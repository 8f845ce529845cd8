// Model routers: which model an ask goes to, and the books on whether that pays.
export { routerCopies } from './copies.ts';
export type { Classify, ClassifyQuestion } from './desk.ts';
export { createRouters, type Routers, type RoutersSnapshot } from './routers.ts';
