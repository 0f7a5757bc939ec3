import { didYouMean } from "../../did-you-mean.ts";

/** What is wrong with the name of a function in rules; undefined for one that exists and for `*`. A mistyped one would leave its function with other rules. */
export function unknownFunction(name: string, apis: readonly string[] | undefined): string | undefined {
  if (name === "*" || apis === undefined || apis.includes(name)) return undefined;
  return `the service has no function of this name${didYouMean(name, apis)} it has ${apis.join(", ")}`;
}
