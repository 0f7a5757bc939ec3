import { cast } from "../input/to-tensor.ts";
import type { ReplyData, SeldonData } from "../types.ts";
import { madeUpNames, sizesOf } from "./column-names.ts";

/** The data of a message as it is answered where nothing is done with it: its names are made up anew. Throws INVALID_ARGUMENT for a tensor of anything but numbers. */
export function sameData(data: SeldonData): ReplyData {
  switch (data.kind) {
    case "tensor": {
      const tensor = cast(data, "float64", { path: "", nan: "string" });
      return { kind: data.kind, names: madeUpNames(data.shape), tensor };
    }
    case "tftensor":
      return { ...data, names: madeUpNames(data.tensor.shape) };
    case "ndarray":
      return { ...data, names: madeUpNames(sizesOf(data.values)) };
    default:
      return data;
  }
}
