/**
 * A contract's type without `readonly` and brands, which schemas do not carry. Index signatures and optional members
 * stay as they are.
 */
export type Plain<T> = T extends string
  ? string extends T
    ? string
    : T extends { readonly __brand: string }
      ? string
      : T
  : T extends number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { -readonly [Key in keyof T]: Plain<T[Key]> }
        : T;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Does not compile unless a schema's output is the contract's type, member by member: `true satisfies Same<Contract, Output>`.
 * Assignability alone would let an optional member be forgotten on either side.
 */
export type Same<Contract, Output> = Equal<Plain<Contract>, Plain<Output>>;
