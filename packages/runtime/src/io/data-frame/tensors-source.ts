import { addProblem, childPath, type ProblemList } from "../../problem-list.ts";
import { plainValues } from "../../tensor/plain-values.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";

/** Reads one tensor [n] or [n, 1] for each column, named as the columns are; or one tensor [n, columns] of any name in declared order. */
export function readTensors(tensors: NamedTensors, context: SourceContext): FrameSource {
  const { names } = context;
  const [only, ...others] = Object.entries(tensors);
  const isWhole = only !== undefined && others.length === 0 && only[1].shape.length === 2 && names.indexOf(only[0]) < 0;
  return isWhole ? readWhole(only[0], only[1], context) : readByColumn(tensors, context);
}

function readWhole(name: string, tensor: Tensor, { names, problems }: SourceContext): FrameSource {
  const [rows = 0, width = 0] = tensor.shape;
  const count = names.declared.length;
  if (width !== count) {
    addProblem(problems, () => ({
      path: childPath("", name),
      message: `expected shape [-1,${count}], one column for each of the frame's, got ${formatShape(tensor.shape)}`,
    }));
    return emptySource(count);
  }
  const values = plainValues(tensor);
  return {
    rows,
    cells: names.declared.map((_name, column) =>
      Array.from({ length: rows }, (_, row) => values[row * width + column]),
    ),
    place: (row, column) => `${childPath("", name)}/${row}/${column}`,
  };
}

function readByColumn(tensors: NamedTensors, { names, path, problems }: SourceContext): FrameSource {
  const nameOf = names.declared.map((): string | undefined => undefined);
  const unknown = new Map<string, string>();
  for (const name of Object.keys(tensors)) {
    const index = names.indexOf(name);
    if (index < 0) unknown.set(name, childPath("", name));
    else if (nameOf[index] === undefined) nameOf[index] = name;
    else
      addProblem(problems, () => ({
        path: childPath("", name),
        message: `the same column as "${nameOf[index] ?? ""}"`,
      }));
  }
  const count = nameOf.filter((name) => name !== undefined).length;
  names.check({ path, unknown, count, has: (index) => nameOf[index] !== undefined }, problems);
  let rows: number | undefined;
  const given = new Map(Object.entries(tensors));
  const cells = nameOf.map((name) => {
    const tensor = name === undefined ? undefined : given.get(name);
    if (name === undefined || tensor === undefined || !isColumn(tensor, name, rows, problems)) return undefined;
    rows ??= tensor.shape[0];
    return plainValues(tensor);
  });
  return { rows: rows ?? 0, cells, place: (row, column) => `${childPath("", nameOf[column] ?? "")}/${row}` };
}

function isColumn(tensor: Tensor, name: string, rows: number | undefined, problems: ProblemList): boolean {
  const [length, width = 1] = tensor.shape;
  const isRight =
    length !== undefined && tensor.shape.length <= 2 && width === 1 && (rows === undefined || rows === length);
  if (!isRight) {
    const size = rows ?? "n";
    addProblem(problems, () => ({
      path: childPath("", name),
      message: `expected shape [${size}] or [${size},1], got ${formatShape(tensor.shape)}`,
    }));
  }
  return isRight;
}
