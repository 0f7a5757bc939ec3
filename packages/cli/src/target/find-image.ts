import { CommandError, wrongUsage } from "../command-error.ts";
import { type Engine, findEngine } from "../container/engine.ts";
import { type InspectedImage, inspectImage } from "../container/open-image.ts";

/** An image of this machine. */
export interface FoundImage {
  readonly engine: Engine;
  readonly reference: string;
  readonly image: InspectedImage;
}

/** The image that the first engine which answers has under a name, once nothing else goes by it. Throws CommandError that says what was looked for. */
export async function findImage(given: string, signal?: AbortSignal): Promise<FoundImage> {
  const looked = `there is no ${given}: it is no path here and no tag of the stores`;
  // What can't be the name of an image was meant as a path.
  if (!/^[a-z0-9][a-zA-Z0-9._\-/:@]*$/.test(given) || /\.(?:[cm]?[jt]s|onnx|json|tar)$/.test(given))
    throw wrongUsage(looked);
  const engine = await findEngine(signal).catch((cause: unknown) => {
    throw cause instanceof CommandError ? wrongUsage(`${looked}, and ${cause.message}`) : cause;
  });
  const image = await inspectImage(engine, given, signal);
  if (image === undefined) throw wrongUsage(`${looked}, and ${engine.name} has no image of that name`);
  return { engine, reference: given, image };
}
