// No Node version has Symbol.metadata yet; decorators lowered by esbuild and TypeScript look for the registered symbol.
if (Symbol.metadata === undefined) {
  Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata") });
}
