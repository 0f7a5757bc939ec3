import { api, type Context, createFile, file, type FileValue, type Infer, service, t, text } from "@bento-ts/runtime";

const Named = t.Object({ mediaType: t.String(), name: t.String() });
const Header = t.Object({ name: t.String(), value: t.String() });

/** A careless service: it answers with what its callers say, also where that reaches the wire's own words. */
@service({ name: "mirror", version: "1.0.0" })
export class Mirror {
  @api({ input: Named, output: file() })
  file({ mediaType, name }: Infer<typeof Named>): FileValue {
    return createFile(new Uint8Array([1]), { mediaType, name });
  }

  @api({ input: file(), output: file() })
  upload(upload: FileValue): FileValue {
    return upload;
  }

  @api({ input: Header, output: t.Boolean() })
  header({ name, value }: Infer<typeof Header>, ctx: Context): boolean {
    ctx.setHeader(name, value);
    return true;
  }

  @api({ input: t.String(), output: t.String() })
  echo(value: string): string {
    return value;
  }

  @api({ input: t.String(), output: text() })
  plain(value: string): string {
    return value;
  }

  @api({ input: t.String(), output: t.Boolean() })
  tag(value: string, ctx: Context): boolean {
    ctx.tags.set(value, value);
    return true;
  }
}
