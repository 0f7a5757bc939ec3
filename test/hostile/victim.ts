import { z } from "zod";
import {
  api,
  bytes,
  type Context,
  dataFrame,
  file,
  type FileValue,
  image,
  type Image,
  type Infer,
  multipart,
  onnx,
  optional,
  service,
  t,
  tensor,
  tensors,
  text,
  type TensorOf,
} from "@bento-ts/runtime";

const Frame = dataFrame({
  key: "df",
  columns: {
    a: { type: "float64", min: -1000, max: 1000 },
    b: "float32",
    n: "int64",
    k: "int32",
    ok: "bool",
    label: { type: "string", maxLength: 8, enum: ["red", "green", "blue"] },
    note: { type: "string", maxLength: 16, nullable: true },
  },
  maxRows: 1000,
});
const Rows = tensor("float32", [null, 4]);
const Pair = tensors({ a: { dtype: "float32", shape: [null, 4] }, b: { dtype: "float32", shape: [null, 4] } });
const Scaled = tensors({ factor: { dtype: "int64", shape: [] }, x: { dtype: "float32", shape: [null] } });
const Picture = image({ size: [4, 4], maxPixels: 1_000_000 });
const Person = t.Object(
  {
    name: t.String({ minLength: 1, maxLength: 20 }),
    age: t.Integer({ minimum: 0, maximum: 150 }),
    kind: t.Union([t.Literal("cat"), t.Literal("dog")]),
    tags: t.Optional(t.Array(t.String(), { maxItems: 3 })),
    address: t.Object({ city: t.String(), zip: t.String({ pattern: "^[0-9]{5}$" }) }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
const Zodded = z.strictObject({ id: z.number().int().positive(), mail: z.email(), when: z.iso.date().optional() });
const Form = multipart({ picture: Picture, meta: Person, rows: optional(Rows), remark: optional(t.String()) });
const Size = t.Object({ size: t.Integer() });

/** A service with an API for every IO type, over real models: what the hostile requests are sent to. */
@service({ name: "victim", version: "1.0.0" })
export class Victim {
  addOne = onnx("add-one.onnx");
  two = onnx("two-inputs.onnx");
  scalar = onnx("scalar.onnx");
  int64Model = onnx("identity-int64.onnx");
  uint8Model = onnx("identity-uint8.onnx");
  float16Model = onnx("identity-float16.onnx");
  boolModel = onnx("identity-bool.onnx");
  stringModel = onnx("identity-string.onnx");

  @api({ input: Frame, output: Rows })
  async frame(df: Infer<typeof Frame>, ctx: Context): Promise<TensorOf<"float32">> {
    const { y } = await this.addOne.run({ x: df.toTensor("float32", ["a", "b", "k", "ok"]) }, ctx);
    return y as TensorOf<"float32">;
  }

  @api({ input: Rows, output: Rows })
  async rows(x: Infer<typeof Rows>, ctx: Context): Promise<TensorOf<"float32">> {
    return (await this.addOne.run({ x }, ctx))["y"] as TensorOf<"float32">;
  }

  @api({ input: tensor("int64", [null]), output: tensor("int64", [null]) })
  async int64(x: TensorOf<"int64">, ctx: Context): Promise<TensorOf<"int64">> {
    return (await this.int64Model.run({ x }, ctx))["y"] as TensorOf<"int64">;
  }

  @api({ input: tensor("uint8", [null]), output: tensor("uint8", [null]) })
  async uint8(x: TensorOf<"uint8">, ctx: Context): Promise<TensorOf<"uint8">> {
    return (await this.uint8Model.run({ x }, ctx))["y"] as TensorOf<"uint8">;
  }

  @api({ input: tensor("float16", [null]), output: tensor("float16", [null]) })
  async float16(x: TensorOf<"float16">, ctx: Context): Promise<TensorOf<"float16">> {
    return (await this.float16Model.run({ x }, ctx))["y"] as TensorOf<"float16">;
  }

  @api({ input: tensor("bool", [null]), output: tensor("bool", [null]) })
  async bool(x: TensorOf<"bool">, ctx: Context): Promise<TensorOf<"bool">> {
    return (await this.boolModel.run({ x }, ctx))["y"] as TensorOf<"bool">;
  }

  @api({ input: tensor("string", [null]), output: tensor("string", [null]) })
  async string(x: TensorOf<"string">, ctx: Context): Promise<TensorOf<"string">> {
    return (await this.stringModel.run({ x }, ctx))["y"] as TensorOf<"string">;
  }

  @api({ input: tensor("float32", []), output: tensor("float32", []) })
  number(x: TensorOf<"float32">): TensorOf<"float32"> {
    return x;
  }

  @api({ input: Pair, output: Rows })
  async pair(ab: Infer<typeof Pair>, ctx: Context): Promise<TensorOf<"float32">> {
    return (await this.two.run(ab, ctx))["sum"] as TensorOf<"float32">;
  }

  @api({ input: Scaled, output: tensor("float32", [null]) })
  async scaled(feeds: Infer<typeof Scaled>, ctx: Context): Promise<TensorOf<"float32">> {
    return (await this.scalar.run(feeds, ctx))["y"] as TensorOf<"float32">;
  }

  @api({ input: Picture, output: Size })
  picture(picture: Image): Infer<typeof Size> {
    return { size: picture.toTensor().data.length };
  }

  @api({ input: file(), output: Size })
  async upload(upload: FileValue): Promise<Infer<typeof Size>> {
    return { size: (await upload.bytes()).length };
  }

  @api({ input: file({ mediaTypes: ["application/pdf", "text/csv"] }), output: Size })
  document(upload: FileValue): Infer<typeof Size> {
    return { size: upload.size };
  }

  @api({ input: text({ maxLength: 100 }), output: Size })
  words(words: string): Infer<typeof Size> {
    return { size: words.length };
  }

  @api({ input: bytes(), output: bytes() })
  blob(blob: Uint8Array): Uint8Array {
    return blob;
  }

  @api({ input: Form, output: Size })
  form(form: Infer<typeof Form>): Infer<typeof Size> {
    return { size: form.picture.toTensor().data.length + form.meta.age };
  }

  @api({ input: Person, output: Person })
  person(person: Infer<typeof Person>): Infer<typeof Person> {
    return person;
  }

  @api({ input: Zodded, output: Size })
  zodded(value: Infer<typeof Zodded>): Infer<typeof Size> {
    return { size: value.id };
  }

  @api({ input: t.Integer({ minimum: 0, maximum: 1000 }), output: t.Integer() })
  async *count(to: number): AsyncGenerator<number> {
    for (let at = 1; at <= to; at += 1) yield at;
  }
}
