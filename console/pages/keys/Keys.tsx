import type { KeyCreated, KeyView } from '@midwatch/contracts';
import { NONE } from '@midwatch/contracts/say';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keysQuery, useMay } from '../../data/queries.ts';
import { PlusIcon } from '../../parts/icons.tsx';
import { Page } from '../../parts/Page.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time, useNow } from '../../parts/Time.tsx';
import { CreateKey } from './CreateKey.tsx';
import { RevokeKey } from './RevokeKey.tsx';
import { ShowKey } from './ShowKey.tsx';
import { keyState } from './state.ts';

export function Keys() {
  const keys = useQuery(keysQuery);
  const client = useQueryClient();
  const now = useNow();
  const mayCreate = useMay('admin');
  const mayRevoke = useMay('operator');
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<KeyCreated>();
  const [revoking, setRevoking] = useState<KeyView>();
  const changed = (): void => {
    void client.invalidateQueries({ queryKey: ['keys'] });
    void client.invalidateQueries({ queryKey: ['status'] });
  };
  return (
    <Page
      title="Keys"
      controls={
        keys.data?.length === 0 || !mayCreate ? null : (
          <button type="button" className="button button-main" onClick={() => setCreating(true)}>
            <PlusIcon />
            Create key
          </button>
        )
      }
    >
      {keys.isError && !keys.data ? (
        <ErrorState error={keys.error} retry={() => void keys.refetch()} />
      ) : keys.isPending ? (
        <Skeleton lines={6} height={40} label="keys" />
      ) : keys.data.length === 0 ? (
        <EmptyState title="There is no key yet">
          <p>
            Until the first one exists, every program on this machine may call the models, and Midwatch
            refuses to listen on any other address. From the first key on, every caller needs one.
          </p>
          {mayCreate ? (
            <button type="button" className="button button-main" onClick={() => setCreating(true)}>
              Create the first key
            </button>
          ) : (
            <p className="quiet">An admin of this Midwatch can create it.</p>
          )}
        </EmptyState>
      ) : (
        <div className="table-scroll">
          <table className="table keys">
            <caption className="sr">Keys</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Key</th>
                <th scope="col">State</th>
                <th scope="col">Owner</th>
                <th scope="col">Tenant</th>
                <th scope="col">Routes</th>
                <th scope="col">Last used</th>
                <th scope="col">Created</th>
                <th scope="col">
                  <span className="sr">Revoke</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.data.map((key) => {
                const state = keyState(key, now);
                return (
                  <tr key={key.id} data-over={state.over || undefined}>
                    <th scope="row" className="cell-name">
                      {key.name}
                    </th>
                    <td className="mono cell-hint">{key.hint}</td>
                    <td className="cell-state">
                      <span className={`key-state key-${state.name}`}>
                        {state.name}
                        {state.at === undefined ? null : (
                          <>
                            {' '}
                            <Time at={state.at} show="ago" />
                          </>
                        )}
                      </span>
                    </td>
                    <td data-label="Owner">{key.owner ?? NONE}</td>
                    <td data-label="Tenant">{key.tenant ?? NONE}</td>
                    <td data-label="Routes">{key.routes?.join(', ') ?? 'all'}</td>
                    <td data-label="Used">
                      {key.lastUsedAt === undefined ? 'never' : <Time at={key.lastUsedAt} show="ago" />}
                    </td>
                    <td data-label="Created">
                      <Time at={key.createdAt} show="ago" />
                    </td>
                    <td className="cell-act">
                      {state.over || !mayRevoke ? null : (
                        <button
                          type="button"
                          className="button button-quiet"
                          aria-label={`Revoke ${key.name}`}
                          onClick={() => setRevoking(key)}
                        >
                          Revoke
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {creating ? (
        <CreateKey
          first={keys.data?.length === 0}
          onClose={() => setCreating(false)}
          onCreated={(key) => {
            setCreating(false);
            setCreated(key);
            changed();
          }}
        />
      ) : null}
      {created ? <ShowKey created={created} onClose={() => setCreated(undefined)} /> : null}
      {revoking ? (
        <RevokeKey
          target={revoking}
          onClose={() => setRevoking(undefined)}
          onRevoked={() => {
            setRevoking(undefined);
            changed();
          }}
        />
      ) : null}
    </Page>
  );
}
