import type { ExchangeDetail } from '@midwatch/contracts';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Tabs } from 'radix-ui';
import { answerQuery, askQuery } from '../../data/queries.ts';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Conversation } from './Conversation.tsx';
import { Json } from './Json.tsx';
import { NotKept } from './NotKept.tsx';

export type View = 'ask' | 'answer' | 'record' | undefined;

export function Bodies({
  detail,
  view,
  onView,
}: {
  readonly detail: ExchangeDetail;
  readonly view: View;
  readonly onView: (view: View) => void;
}) {
  const { id } = detail.exchange;
  const kept = detail.bodies === 'kept';
  return (
    <Tabs.Root
      value={view ?? 'conversation'}
      onValueChange={(next) =>
        onView(next === 'ask' || next === 'answer' || next === 'record' ? next : undefined)
      }
    >
      <Tabs.List className="tabs" aria-label="Ask and answer">
        <Tabs.Trigger className="tab" value="conversation">
          Conversation
        </Tabs.Trigger>
        <Tabs.Trigger className="tab" value="ask">
          Raw ask
        </Tabs.Trigger>
        <Tabs.Trigger className="tab" value="answer">
          Raw answer
        </Tabs.Trigger>
        <Tabs.Trigger className="tab" value="record">
          Record
        </Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="conversation">
        {kept ? <Conversation detail={detail} /> : <NotKept detail={detail} />}
      </Tabs.Content>
      <Tabs.Content value="ask">{kept ? <RawAsk id={id} /> : <NotKept detail={detail} />}</Tabs.Content>
      <Tabs.Content value="answer">{kept ? <RawAnswer id={id} /> : <NotKept detail={detail} />}</Tabs.Content>
      <Tabs.Content value="record">
        <Json value={detail.exchange} what="the record" />
      </Tabs.Content>
    </Tabs.Root>
  );
}

function RawAsk({ id }: { readonly id: string }) {
  const body = useQuery(askQuery(id));
  return <Raw body={body} what="the raw ask" />;
}
function RawAnswer({ id }: { readonly id: string }) {
  const body = useQuery(answerQuery(id));
  return <Raw body={body} what="the raw answer" />;
}

function Raw({ body, what }: { readonly body: UseQueryResult<unknown>; readonly what: string }) {
  if (body.isPending) return <Skeleton lines={8} height={20} label={what} />;
  if (body.isError) return <ErrorState error={body.error} retry={() => void body.refetch()} />;
  return <Json value={body.data} what={what} />;
}
