import { useQuery } from '@tanstack/react-query';
import { Tabs } from 'radix-ui';
import { routesQuery, useStatus } from '../data/queries.ts';
import { Code } from './Copy.tsx';
import { FIRST_CALLS } from './firstCall.ts';

export function FirstCall({ route }: { readonly route?: string }) {
  const status = useStatus();
  const routes = useQuery(routesQuery);
  const call = {
    base: location.origin,
    model: route ?? routes.data?.[0]?.name ?? 'your-route',
    open: status?.open ?? true,
  };
  return (
    <Tabs.Root defaultValue="curl" className="first-call">
      <Tabs.List className="tabs" aria-label="First call with">
        {FIRST_CALLS.map((each) => (
          <Tabs.Trigger key={each.name} value={each.name} className="tab">
            {each.name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {FIRST_CALLS.map((each) => (
        <Tabs.Content key={each.name} value={each.name}>
          <Code text={each.code(call)} what={`the ${each.name} call`} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
