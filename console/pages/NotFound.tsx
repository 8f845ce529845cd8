import { Link } from '@tanstack/react-router';
import { Page } from '../parts/Page.tsx';
import { EmptyState } from '../parts/states.tsx';

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState title="There is no page at this address">
        <p>
          Go to <Link to="/">Watch</Link> or find it with <kbd>⌘K</kbd>.
        </p>
      </EmptyState>
    </Page>
  );
}
