// Imported for what it does: from then on the process runs TypeScript with decorators, by the compiler options that `?tsconfig=` names.
import { register } from "tsx/esm/api";

register({ tsconfig: new URL(import.meta.url).searchParams.get("tsconfig") ?? false });
