import { api, dataFrame, type Infer, service, t } from "@bento-ts/runtime";

const Frame = dataFrame({ columns: { RM: "float64" } });

@service({ name: "missing-column" })
export class Wrong {
  @api({ input: Frame, output: t.Array(t.Number()) })
  score(df: Infer<typeof Frame>): number[] {
    return Array.from(df.column("RMM")); // error TS2345
  }
}
