import { cassetteView } from './cassettes.ts';
import {
  attempt,
  cost,
  exchange,
  exchangeDetail,
  exchangePage,
  exchangeRow,
  failure,
  message,
  usage,
} from './exchange.ts';
import { fallbackDrill, fallbackView } from './fallbacks.ts';
import { freezeView, policyVersionView } from './freeze.ts';
import { hoursView } from './hours.ts';
import {
  apiError,
  auditEntry,
  auditPage,
  keyCreated,
  keyView,
  me,
  status,
  systemView,
  tokenCreated,
  tokenView,
} from './house.ts';
import { rampDecision, rampJudged, rampView } from './ramp.ts';
import { routerView } from './router.ts';
import { run, runDetail, runEvents, runPage } from './runs.ts';
import { shadowReport } from './shadows.ts';
import { demotionView, tiersReport } from './tiers.ts';
import { budgetView, providerView, quotaView, reloadView, spendReport } from './traffic.ts';
import { wasteReport } from './waste.ts';
import {
  attentionItem,
  changeEvent,
  changePage,
  freezeMark,
  quantiles,
  rateView,
  routeView,
  watch,
  watchTotals,
} from './watch.ts';
import { weatherView } from './weather.ts';

/**
 * What the control plane answers, by the names of the contracts. The types in `contracts` are the authority; each schema
 * here is held to its type by the compiler, and exists so that programs in other languages have something to read.
 */
export const answers = {
  ApiError: apiError,
  Attempt: attempt,
  Attention: attentionItem,
  AuditEntry: auditEntry,
  AuditPage: auditPage,
  BudgetView: budgetView,
  CassetteView: cassetteView,
  ChangeEvent: changeEvent,
  ChangePage: changePage,
  Cost: cost,
  DemotionView: demotionView,
  Exchange: exchange,
  ExchangeDetail: exchangeDetail,
  ExchangePage: exchangePage,
  ExchangeRow: exchangeRow,
  Failure: failure,
  FallbackDrill: fallbackDrill,
  FallbackView: fallbackView,
  FreezeMark: freezeMark,
  FreezeView: freezeView,
  HoursView: hoursView,
  KeyCreated: keyCreated,
  KeyView: keyView,
  Me: me,
  Message: message,
  PolicyVersionView: policyVersionView,
  ProviderView: providerView,
  Quantiles: quantiles,
  QuotaView: quotaView,
  RateView: rateView,
  RampView: rampView,
  RampDecision: rampDecision,
  RampJudged: rampJudged,
  ReloadView: reloadView,
  RouterView: routerView,
  RouteView: routeView,
  ShadowReport: shadowReport,
  SpendReport: spendReport,
  Run: run,
  RunDetail: runDetail,
  RunEvents: runEvents,
  RunPage: runPage,
  Status: status,
  SystemView: systemView,
  TiersReport: tiersReport,
  TokenCreated: tokenCreated,
  TokenView: tokenView,
  Usage: usage,
  Watch: watch,
  WasteReport: wasteReport,
  WatchTotals: watchTotals,
  WeatherView: weatherView,
} as const;

export type AnswerName = keyof typeof answers;
