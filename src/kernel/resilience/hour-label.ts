const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** `Tue 10:00 ET`: an hour of the week (0 = Monday 00:00) in the zone, as it is called at `at`. */
export const hourLabel = (hour: number, zone: string, at: number): string =>
  `${DAYS[Math.floor(hour / 24)]} ${String(hour % 24).padStart(2, '0')}:00 ${zoneWord(zone, at)}`;

/** `ET`, where the zone has a short name that holds all year; else its offset now. */
function zoneWord(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'shortGeneric' });
  const word = parts.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
  return word.includes(' ') ? zone : word;
}
