import { useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** A link the server wrote, for instance the evidence of an attention line: known only as text, so not typed. */
export function PathLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const router = useRouter();
  const inside = href.startsWith('/') && !href.startsWith('//');
  if (!inside) return <>{children}</>;
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        router.history.push(href);
      }}
    >
      {children}
    </a>
  );
}
