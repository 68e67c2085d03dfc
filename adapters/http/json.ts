/** What can be written as JSON: an amount of money, which is no number, has to be written in digits first. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject

/** An object that can be written as JSON; a member that is `undefined` is left out. */
export type JsonObject = { readonly [name: string]: Json }
