import type { Attention, RouterView } from '#contracts';
import { dollars, interval, percent } from '#contracts/say';

/** Routers that cost more than they save, or that choose otherwise than was planned. Money, and nobody waits for it: a warning. */
export const routerAttention = (routers: readonly RouterView[]): Attention[] =>
  routers.flatMap(({ route, verdict, difference, escalation, onPaper }) => {
    const found: Attention[] = [];
    if (verdict === 'loses')
      found.push({
        level: 'warn',
        what: `${route}: the router costs more than it saves`,
        why: `${
          difference
            ? `A solved task costs ${dollars(difference.estimate)} more than in the holdback (at least ${dollars(difference.lower)}), repeats included.`
            : 'A solved task costs more than in the holdback, repeats included.'
        }${onPaper !== undefined && onPaper > 0 ? ` Its own calls look ${percent(onPaper)} cheaper.` : ''}`,
        todo: `Send less to the cheap model, or take \`router:\` out; \`midwatch router report ${route}\` has the books.`,
        link: '/router',
      });
    const { finding, estimate = 0, declared, lower, upper } = escalation;
    if (finding)
      found.push({
        level: 'warn',
        what: `${route}: the router escalates ${finding === 'above' ? 'more' : 'less'} than planned`,
        why: `${percent(estimate)} of the tasks go to the dear model (99 % interval ${interval(lower, upper)}); planned were ${percent(declared)}.`,
        todo: `Look at what \`rules\` or the classifier see now, or plan anew with \`expectedEscalation\`.`,
        link: '/router',
      });
    return found;
  });
