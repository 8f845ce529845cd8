import { shortId } from '@midwatch/contracts/say';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { parseSearch, readFilter } from '../../data/filters.ts';
import { askQuery, exchangeQuery, useStatus } from '../../data/queries.ts';
import { CopyButton, copyText } from '../../parts/Copy.tsx';
import { useHotkeys } from '../../parts/hotkeys.ts';
import { LinkIcon } from '../../parts/icons.tsx';
import { Page } from '../../parts/Page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { beside, lastListed } from '../exchanges/listed.ts';
import { Bodies } from './Bodies.tsx';
import { curlOf } from './curl.ts';
import { Facts } from './Facts.tsx';
import { Neighbours } from './Neighbours.tsx';
import { Summary } from './Summary.tsx';
import { Timeline } from './Timeline.tsx';

const at = getRouteApi('/exchanges/$id');

export function ExchangePage() {
  const { id } = at.useParams();
  const { view } = at.useSearch();
  const navigate = at.useNavigate();
  const client = useQueryClient();
  const status = useStatus();
  const found = useQuery(exchangeQuery(id));
  const back = readFilter(parseSearch(lastListed()?.search ?? ''));
  const go = (next: string | undefined): void => {
    if (next !== undefined)
      void navigate({ to: '/exchanges/$id', params: { id: next }, search: view ? { view } : {} });
  };
  useHotkeys([
    ['j', () => go(beside(id, 1))],
    ['k', () => go(beside(id, -1))],
    ['y', () => void copyText(location.href, 'the link')],
    ['Escape', () => void navigate({ to: '/exchanges', search: back })],
  ]);

  const detail = found.data;
  const asCurl = async (): Promise<string> => {
    if (!detail) throw new Error('not loaded yet');
    const ask = await client.fetchQuery(askQuery(id));
    const line = curlOf({
      base: location.origin,
      protocol: detail.exchange.protocol,
      ask,
      open: status?.open ?? false,
    });
    if (line === undefined)
      throw new Error(`this console cannot write a call of ${detail.exchange.protocol}`);
    return line;
  };
  return (
    <Page
      title={`Exchange ${shortId(id)}`}
      heading={
        <>
          <Link to="/exchanges" search={back} className="crumb">
            Exchanges
          </Link>
          <span className="crumb-mark" aria-hidden="true">
            /
          </span>
          <span className="mono" title={id}>
            {shortId(id)}
          </span>
        </>
      }
      controls={
        <>
          <CopyButton text={id} what="the id" />
          <button
            type="button"
            className="icon-button"
            aria-label="Copy the link"
            title="Copy the link (y)"
            onClick={() => void copyText(location.href, 'the link')}
          >
            <LinkIcon />
          </button>
          {detail?.bodies === 'kept' ? (
            <CopyButton text={asCurl} what="as curl">
              curl
            </CopyButton>
          ) : null}
        </>
      }
    >
      {found.isError ? <Missing error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Skeleton lines={12} height={40} label="the exchange" /> : null}
      {detail ? (
        <article className="exchange" key={id}>
          <Summary detail={detail} />
          <Timeline exchange={detail.exchange} />
          <div className="exchange-columns">
            <div className="exchange-main">
              <Bodies
                detail={detail}
                view={view}
                onView={(next) => void navigate({ search: next ? { view: next } : {}, replace: true })}
              />
            </div>
            <div className="exchange-side">
              <Facts detail={detail} />
            </div>
          </div>
          <Neighbours exchange={detail.exchange} />
        </article>
      ) : null}
    </Page>
  );
}

function Missing({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status !== 404) return <ErrorState error={error} retry={retry} />;
  return (
    <EmptyState title="There is no exchange with this id">
      <p>
        It may be a moment old and still on its way into the database, or older than retention keeps
        exchanges.
      </p>
      <button type="button" className="button" onClick={retry}>
        Look again
      </button>
    </EmptyState>
  );
}
