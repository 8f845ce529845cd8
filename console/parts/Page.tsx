import { type ReactNode, useEffect } from 'react';

/** Head line of a page and what scrolls under it. The title is the document's too. */
export function Page({
  title,
  heading,
  controls,
  children,
  fixed = false,
}: {
  readonly title: string;
  /** In place of the plain title, when more than words belong there. */
  readonly heading?: ReactNode;
  readonly controls?: ReactNode;
  readonly children: ReactNode;
  /** The page scrolls its own parts. */
  readonly fixed?: boolean;
}) {
  useEffect(() => {
    document.title = `${title} · Midwatch`;
  }, [title]);
  return (
    <div className={fixed ? 'page page-fixed' : 'page'}>
      <header className="page-head">
        <h1>{heading ?? title}</h1>
        {controls ? <div className="page-controls">{controls}</div> : null}
      </header>
      {children}
    </div>
  );
}

export function Section({
  title,
  aside,
  children,
  className = '',
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  return (
    <section className={`section ${className}`} aria-label={title}>
      <header className="section-head">
        <h2>{title}</h2>
        {aside ? <div className="section-aside">{aside}</div> : null}
      </header>
      {children}
    </section>
  );
}
