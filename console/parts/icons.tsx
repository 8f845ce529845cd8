import type { ReactNode } from 'react';

/** Line icons on a 16 px grid. Always beside a word or inside a control that has a label, so hidden from readers. */
function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const WatchIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 4.5V8l2.3 1.6" />
  </Icon>
);
export const ExchangesIcon = () => (
  <Icon>
    <path d="M2.5 5.5h10l-2.7-2.7M13.5 10.5h-10l2.7 2.7" />
  </Icon>
);
export const RoutesIcon = () => (
  <Icon>
    <circle cx="3.5" cy="8" r="1.5" />
    <circle cx="12.5" cy="3.8" r="1.5" />
    <circle cx="12.5" cy="12.2" r="1.5" />
    <path d="M5 8h2.5M11 3.8H9.5a2 2 0 0 0-2 2v4.4a2 2 0 0 0 2 2H11" />
  </Icon>
);
export const WeatherIcon = () => (
  <Icon>
    <path d="M4.8 12.5a2.8 2.8 0 0 1-.3-5.6 3.8 3.8 0 0 1 7.2.9 2.4 2.4 0 0 1-.3 4.7Z" />
  </Icon>
);
export const QuotaIcon = () => (
  <Icon>
    <path d="M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5l2.6-3.6" />
  </Icon>
);
export const SpendIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M9.9 6.1C9.5 5.4 8.8 5 8 5c-1.1 0-1.9.6-1.9 1.5 0 2 3.9 1 3.9 3 0 .9-.9 1.5-2 1.5-.9 0-1.6-.4-2-1.1M8 3.9V5M8 11v1.1" />
  </Icon>
);
export const ChangesIcon = () => (
  <Icon>
    <path d="M8 2.5 13.5 8 8 13.5 2.5 8ZM8 6v4M6 8h4" />
  </Icon>
);
export const KeysIcon = () => (
  <Icon>
    <circle cx="5" cy="11" r="2.7" />
    <path d="m7 9 6-6M10.5 5.5l2 2" />
  </Icon>
);
export const SystemIcon = () => (
  <Icon>
    <path d="M2.5 4.5h7M13 4.5h.5M2.5 11.5H3M6.5 11.5h7M11.2 2.8v3.4M4.8 9.8v3.4" />
  </Icon>
);
export const RunsIcon = () => (
  <Icon>
    <path d="M5 3.2v9.6L13 8ZM2.5 3.5v9" />
  </Icon>
);
export const TiersIcon = () => (
  <Icon>
    <path d="M2.5 4h11M4.5 8h7M6.5 12h3" />
  </Icon>
);
export const RampIcon = () => (
  <Icon>
    <path d="M2.5 13.5v-2.8h3.7V7.2h3.6V3.8h3.7v9.7Z" />
  </Icon>
);
export const RouterIcon = () => (
  <Icon>
    <path d="M2.5 8h3.8l3.5-4h3.7M6.3 8l3.5 4h3.7M11.7 2.2 13.5 4l-1.8 1.8M11.7 10.2l1.8 1.8-1.8 1.8" />
  </Icon>
);
export const ShadowsIcon = () => (
  <Icon>
    <path d="M2.5 2.5h8v8h-8z" />
    <path d="M5.5 13.5h8v-8" strokeDasharray="1.6 1.6" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M13.3 9.7A5.7 5.7 0 0 1 6.3 2.7a5.7 5.7 0 1 0 7 7Z" />
  </Icon>
);
export const ScreenIcon = () => (
  <Icon>
    <path d="M2 3h12v8H2zM5.5 13.5h5" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.2 10.2 3.3 3.3" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m3 8.5 3.2 3.2L13 4.8" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />
  </Icon>
);
export const LinkIcon = () => (
  <Icon>
    <path d="M6.7 9.3a2.8 2.8 0 0 0 4 0l2-2a2.8 2.8 0 0 0-4-4l-.8.8M9.3 6.7a2.8 2.8 0 0 0-4 0l-2 2a2.8 2.8 0 0 0 4 4l.8-.8" />
  </Icon>
);
export const LeaveIcon = () => (
  <Icon>
    <path d="M6.5 2.5h-4v11h4M6 8h7.5M11 5.5 13.5 8 11 10.5" />
  </Icon>
);
export const PrintIcon = () => (
  <Icon>
    <path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M8 3v10M3 8h10" />
  </Icon>
);

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path className="mark-hours" d="M10 2.5A7.5 7.5 0 1 0 17.5 10" />
      <path className="mark-watch" d="M10 2.5A7.5 7.5 0 0 1 17.5 10" />
      <circle className="mark-lamp" cx="10" cy="10" r="2" />
    </svg>
  );
}
