import { api, dataFrame, type Infer, service, t } from "@bento-ts/runtime";

const Houses = dataFrame({
  key: "df",
  columns: {
    rooms: { type: "float64", min: 1, max: 12, description: "Mean number of rooms" },
    town: { type: "string", enum: ["A", "B"] },
    sold: { type: "int64", nullable: true },
  },
});
type Houses = Infer<typeof Houses>;

const Summary = dataFrame({ key: "towns", columns: { town: "string", rooms: "float64" }, orient: "split" });

@service({ name: "houses" })
export class HouseService {
  @api({ input: Houses, output: t.Array(t.String()) })
  lines(df: Houses): string[] {
    return df.records().map(({ rooms, town, sold }) => `${town} ${rooms} ${sold ?? "-"}`);
  }

  @api({ input: Houses, output: Summary })
  byTown(df: Houses): Infer<typeof Summary> {
    const towns = [...new Set(df.column("town"))];
    const rooms = df.column("rooms"); // a Float64Array
    const mean = (town: string): number => {
      const own = Array.from(rooms).filter((_, row) => df.column("town")[row] === town);
      return own.reduce((sum, count) => sum + count, 0) / own.length;
    };
    return Summary.fromColumns({ town: towns, rooms: towns.map(mean) });
  }
}
