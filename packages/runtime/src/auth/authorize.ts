import type { Principal, Target } from "../call/types.ts";

/** Decides whether a caller may call a target; throws PERMISSION_DENIED when not. */
export type Authorize = (principal: Principal, target: Target) => void | Promise<void>;

/** For services without rules: whoever was authenticated may call every API. */
export const authorizeAnybody: Authorize = () => undefined;
