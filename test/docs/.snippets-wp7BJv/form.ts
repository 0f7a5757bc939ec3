import { api, dataFrame, file, type Infer, image, multipart, optional, service, t, text } from "@bento-ts/runtime";

const Form = multipart({
  photo: image({ size: [64, 64] }),
  options: optional(t.Object({ threshold: t.Number({ minimum: 0, maximum: 1 }) })),
  note: optional(text({ maxLength: 200 })),
  rows: optional(dataFrame({ columns: { a: "float64" } })),
  attachment: optional(file()),
});

@service({ name: "forms" })
export class Forms {
  @api({ input: Form, output: t.Object({ fields: t.Array(t.String()), rows: t.Number() }) })
  submit(form: Infer<typeof Form>) {
    return { fields: Object.keys(form).sort(), rows: form.rows?.rows ?? 0 };
  }
}
