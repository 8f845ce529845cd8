import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

type ErrorClass = abstract new (...args: never) => Error;

/** Which class the official clients give a status, written from their documentation, for the conformance suite. */
export function openAIErrorClass(status: number): ErrorClass {
  const classes: Readonly<Record<number, ErrorClass>> = {
    400: OpenAI.BadRequestError,
    401: OpenAI.AuthenticationError,
    403: OpenAI.PermissionDeniedError,
    404: OpenAI.NotFoundError,
    429: OpenAI.RateLimitError,
  };
  return classes[status] ?? (status >= 500 ? OpenAI.InternalServerError : OpenAI.APIError);
}

export function anthropicErrorClass(status: number): ErrorClass {
  const classes: Readonly<Record<number, ErrorClass>> = {
    400: Anthropic.BadRequestError,
    401: Anthropic.AuthenticationError,
    403: Anthropic.PermissionDeniedError,
    404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError,
  };
  return classes[status] ?? (status >= 500 ? Anthropic.InternalServerError : Anthropic.APIError);
}
