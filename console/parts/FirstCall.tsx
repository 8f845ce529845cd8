import { useQuery } from '@tanstack/react-query';
import { Tabs } from 'radix-ui';
import { routesQuery, useStatus } from '../data/queries.ts';
import { Code } from './Copy.tsx';
import { asked, type FirstCall as Call, FIRST_CALLS } from './firstCall.ts';

/** This house, a model that it serves, and whether a key is needed. */
export function useCall(route?: string): Call {
  const status = useStatus();
  const routes = useQuery(routesQuery);
  return {
    base: location.origin,
    ...asked(routes.data?.find(({ name }) => route === undefined || name === route)),
    open: status?.open ?? true,
  };
}

export function FirstCall({ route }: { readonly route?: string }) {
  const call = useCall(route);
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
