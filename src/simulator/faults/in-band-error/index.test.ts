import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('in-band-error;code=529;after=3', ({ end, status, content, error, finish, done }, { stream }) => {
  expect({ end, status, finish, done }).toEqual({
    end: 'clean',
    status: 200,
    finish: undefined,
    done: false,
  });
  expect(content).toBe(stream ? 'one two three' : '');
  expect(error?.message).toBe('Overloaded');
});
