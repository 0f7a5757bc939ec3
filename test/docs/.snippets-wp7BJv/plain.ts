import { dataFrame, defineApi, serviceClass, t } from "@bento-ts/runtime";

const Flowers = dataFrame({ columns: { width: "float64", height: "float64" } });

class Areas {
  area = defineApi({ input: Flowers, output: t.Array(t.Number()) }, async (df) =>
    df.records().map(({ width, height }) => width * height),
  );
}

export default serviceClass({ name: "areas", version: "1.0.0" }, Areas);
