import { api, service, tensor, type TensorOf } from "@bento-ts/runtime";

@service({ name: "wrong-tensor-dtype" })
export class Wrong {
  @api({ input: tensor("int64", [null]), output: tensor("int64", [null]) }) // error TS1241
  score(input: TensorOf<"float32">): TensorOf<"float32"> {
    return input;
  }
}
