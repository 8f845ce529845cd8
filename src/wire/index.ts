export { bridge, type Program } from './bridge.ts';
export { type Listening, type ListenOptions, listen } from './listen.ts';
export { createTransport, type TransportOptions, type TransportStats } from './transport.ts';
