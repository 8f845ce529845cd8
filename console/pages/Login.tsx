import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { api } from '../data/client.ts';
import { ActFailed, useAct } from '../parts/act.tsx';
import { Mark } from '../parts/icons.tsx';
import { ThemeSwitch } from '../parts/ThemeSwitch.tsx';

export function Login() {
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const { act, busy, error } = useAct();
  const field = useId();
  useEffect(() => {
    document.title = 'Sign in · Midwatch';
  }, []);
  const submit = (event: FormEvent): Promise<void> => {
    event.preventDefault();
    return act(async () => {
      await api.login(token.trim());
      await client.resetQueries();
    });
  };
  return (
    <main className="login">
      <form className="login-form" onSubmit={(event) => void submit(event)}>
        <div className="wordmark">
          <Mark />
          <span>Midwatch</span>
        </div>
        <h1>Sign in to the console</h1>
        <label htmlFor={field}>Token</label>
        <input
          id={field}
          className="input"
          type="password"
          name="token"
          autoComplete="current-password"
          spellCheck={false}
          required
          value={token}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={`${field}-hint`}
          onChange={(event) => setToken(event.target.value)}
        />
        <ActFailed error={error} />
        <button type="submit" className="button button-main" disabled={busy || token.trim() === ''}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
        <p id={`${field}-hint`} className="login-hint">
          The admin token was printed once, when <code>midwatch up</code> ran for the first time; an admin
          makes others with <code>midwatch tokens create</code>. Only their hashes are kept, so none can be
          shown again.
        </p>
      </form>
      <ThemeSwitch />
    </main>
  );
}
