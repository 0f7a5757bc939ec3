/**
 * Requests and replies of the Open Inference Protocol V2 over REST, body for body.
 *
 * The replies are written by hand from the protocol's text and from Triton's binary tensor extension, never taken from a server of ours.
 */
export interface RestPair {
  readonly what: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; GET without a body. */
  readonly body?: object | string | Uint8Array;
  readonly status: number;
  readonly replyHeaders?: Readonly<Record<string, string>>;
  /** The whole body: JSON text, or bytes in hex. */
  readonly reply: string | { readonly hex: string };
}

const sum = "/v2/models/sum/infer";
const x = { name: "x", datatype: "FP32", shape: [2, 2] };

const text = (value: string): string => Buffer.from(value).toString("hex");
/** 1.5 and -2 as little-endian binary32. */
const HEX_1_5 = "0000c03f";
const HEX_MINUS_2 = "000000c0";

/** A request with bytes behind its JSON, and the header that says how long that is. */
function mixed(json: object, hex: string): Pick<RestPair, "headers" | "body"> {
  const head = JSON.stringify(json);
  return {
    headers: { "inference-header-content-length": String(head.length), "content-type": "application/octet-stream" },
    body: Buffer.concat([Buffer.from(head), Buffer.from(hex, "hex")]),
  };
}

/** A reply with bytes behind its JSON. */
function mixedReply(json: string, hex: string): Pick<RestPair, "replyHeaders" | "reply"> {
  return {
    replyHeaders: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(json.length),
    },
    reply: { hex: text(json) + hex },
  };
}

export const REST_PAIRS: readonly RestPair[] = [
  { what: "live", path: "/v2/health/live", status: 200, reply: '{"live":true}' },
  { what: "ready", path: "/v2/health/ready", status: 200, reply: '{"ready":true}' },
  {
    what: "the server",
    path: "/v2",
    status: 200,
    reply: '{"name":"models","version":"3.1.4","extensions":["binary_tensor_data","model_configuration","statistics"]}',
  },
  {
    what: "the names of models, the second name of the default one among them",
    path: "/v2/models",
    status: 200,
    reply: '{"models":["any","half","sum","gaps","people","shout","picture","order","small","fail","models"]}',
  },
  {
    what: "a model with two versions",
    path: "/v2/models/sum",
    status: 200,
    reply:
      '{"name":"sum","versions":["2","1"],"platform":"bento-ts","inputs":[{"name":"input","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"output","datatype":"FP32","shape":[-1]}]}',
  },
  {
    what: "a version of a model, whose tensors are the columns of a data frame",
    path: "/v2/models/people/versions/1",
    status: 200,
    reply: (() => {
      const columns =
        '[{"name":"id","datatype":"INT64","shape":[-1]},{"name":"age","datatype":"FP64","shape":[-1]},{"name":"name","datatype":"BYTES","shape":[-1]},{"name":"ok","datatype":"BOOL","shape":[-1]}]';
      return `{"name":"people","versions":["1"],"platform":"bento-ts","inputs":${columns},"outputs":${columns}}`;
    })(),
  },
  { what: "a model is ready", path: "/v2/models/sum/ready", status: 200, reply: '{"name":"sum","ready":true}' },
  {
    what: "a version of a model is ready",
    path: "/v2/models/sum/versions/1/ready",
    status: 200,
    reply: '{"name":"sum","ready":true}',
  },
  {
    what: "the configuration as Triton writes it",
    path: "/v2/models/half/config",
    status: 200,
    reply:
      '{"name":"half","platform":"bento-ts","backend":"bento-ts","max_batch_size":0,"input":[{"name":"input","data_type":"TYPE_FP16","dims":[-1]}],"output":[{"name":"output","data_type":"TYPE_FP16","dims":[-1]}]}',
  },
  {
    what: "flat data; the highest version answers",
    path: sum,
    body: { id: "7", inputs: [{ ...x, data: [1, 2, 3, 4] }] },
    status: 200,
    replyHeaders: { "content-type": "application/json" },
    reply:
      '{"model_name":"sum","model_version":"2","id":"7","outputs":[{"name":"output","shape":[2],"datatype":"FP32","data":[6,14]}]}',
  },
  {
    what: "nested data, for a version by number",
    path: "/v2/models/sum/versions/1/infer",
    body: {
      id: "n",
      inputs: [
        {
          ...x,
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
    },
    status: 200,
    reply:
      '{"model_name":"sum","model_version":"1","id":"n","outputs":[{"name":"output","shape":[2],"datatype":"FP32","data":[3,7]}]}',
  },
  {
    what: "the second name of the default model, a body without a type, keys that an orchestrator left in it",
    path: "/v2/models/models/infer",
    // Of bytes the client says no type.
    body: Buffer.from(
      JSON.stringify({
        outputs: null,
        model_name: "before",
        inputs: [{ data: [0.5, 0.25], shape: [1, 2], parameters: null, datatype: "FP32", name: "x" }],
        id: "a",
        parameters: { priority: 1 },
      }),
    ),
    status: 200,
    reply:
      '{"model_name":"models","model_version":"2","id":"a","outputs":[{"name":"output","shape":[1],"datatype":"FP32","data":[1.5]}]}',
  },
  {
    what: "an empty list of wanted outputs: all of them",
    path: sum,
    body: { id: "e", inputs: [{ ...x, shape: [1, 2], data: [1, 2] }], outputs: [] },
    status: 200,
    reply:
      '{"model_name":"sum","model_version":"2","id":"e","outputs":[{"name":"output","shape":[1],"datatype":"FP32","data":[6]}]}',
  },
  {
    what: "sizes of 0",
    path: sum,
    body: { id: "z", inputs: [{ ...x, shape: [0, 2], data: [] }] },
    status: 200,
    reply:
      '{"model_name":"sum","model_version":"2","id":"z","outputs":[{"name":"output","shape":[0],"datatype":"FP32","data":[]}]}',
  },
  {
    what: "every digit of 64-bit integers, a scalar as [1], texts; the wanted outputs in their order",
    path: "/v2/models/any/infer",
    body:
      '{"id":"d","inputs":[{"name":"int64","shape":[2],"datatype":"INT64","data":[9223372036854775807,-9007199254740993]},' +
      '{"name":"uint64","shape":[1],"datatype":"UINT64","data":[18446744073709551615]},{"name":"flag","shape":[1],"datatype":"BOOL","data":[true]},' +
      '{"name":"words","shape":[2],"datatype":"BYTES","data":["é","\\u0000"]},{"name":"fp32","shape":[1,2],"datatype":"FP32","data":[1,2]}],' +
      '"outputs":[{"name":"words"},{"name":"int64"},{"name":"uint64"},{"name":"flag"}]}',
    status: 200,
    reply:
      '{"model_name":"any","model_version":"1","id":"d","outputs":[{"name":"words","shape":[2],"datatype":"BYTES","data":["é","\\u0000"]},' +
      '{"name":"int64","shape":[2],"datatype":"INT64","data":[9223372036854775807,-9007199254740993]},' +
      '{"name":"uint64","shape":[1],"datatype":"UINT64","data":[18446744073709551615]},{"name":"flag","shape":[],"datatype":"BOOL","data":[true]}]}',
  },
  {
    what: "half floats as numbers",
    path: "/v2/models/half/infer",
    body: { id: "h", inputs: [{ name: "x", datatype: "FP16", shape: [2], data: [0.1, 65504] }] },
    status: 200,
    // The binary16 next to 0.1 is 0x2E66: 1638 × 2^-14.
    reply:
      '{"model_name":"half","model_version":"1","id":"h","outputs":[{"name":"output","shape":[2],"datatype":"FP16","data":[0.0999755859375,65504]}]}',
  },
  {
    what: "half floats as bytes, by an output's own wish",
    path: "/v2/models/half/infer",
    body: {
      id: "h",
      inputs: [{ name: "x", datatype: "FP16", shape: [2], data: [1, -2] }],
      outputs: [{ name: "output", parameters: { binary_data: true } }],
    },
    status: 200,
    ...mixedReply(
      '{"model_name":"half","model_version":"1","id":"h","outputs":[{"name":"output","shape":[2],"datatype":"FP16","parameters":{"binary_data_size":4}}]}',
      "003c00c0",
    ),
  },
  {
    what: "null for NaN where the API has it so",
    path: "/v2/models/gaps/infer",
    body: '{"id":"n","inputs":[{"name":"x","datatype":"FP64","shape":[2],"data":[null,1]}]}',
    status: 200,
    reply:
      '{"model_name":"gaps","model_version":"1","id":"n","outputs":[{"name":"output","shape":[2],"datatype":"FP64","data":[null,1]}]}',
  },
  {
    what: "a binary input, answered in JSON",
    path: sum,
    ...mixed(
      { id: "b", inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } }] },
      HEX_1_5 + HEX_MINUS_2,
    ),
    status: 200,
    reply:
      '{"model_name":"sum","model_version":"2","id":"b","outputs":[{"name":"output","shape":[1],"datatype":"FP32","data":[-1]}]}',
  },
  {
    what: "JSON and binary inputs side by side, all outputs as bytes but one",
    path: "/v2/models/any/infer",
    ...mixed(
      {
        id: "m",
        parameters: { binary_data_output: true },
        inputs: [
          { name: "words", datatype: "BYTES", shape: [2], parameters: { binary_data_size: 10 } },
          { name: "int64", datatype: "INT64", shape: [1], data: [1] },
          { name: "uint64", datatype: "UINT64", shape: [0], data: [] },
          { name: "fp32", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } },
          { name: "flag", datatype: "BOOL", shape: [], parameters: { binary_data_size: 1 } },
        ],
        outputs: [{ name: "words" }, { name: "int64", parameters: { binary_data: false } }, { name: "fp32" }],
      },
      // "é" is two bytes of UTF-8.
      `02000000c3a900000000${HEX_1_5}${HEX_MINUS_2}01`,
    ),
    status: 200,
    ...mixedReply(
      '{"model_name":"any","model_version":"1","id":"m","outputs":[{"name":"words","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":10}},' +
        '{"name":"int64","shape":[1],"datatype":"INT64","data":[1]},{"name":"fp32","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}',
      `02000000c3a900000000${HEX_1_5}${HEX_MINUS_2}`,
    ),
  },
  {
    what: "a BYTES tensor with a text, and one with JSON",
    path: "/v2/models/order/infer",
    body: {
      id: "o",
      inputs: [{ name: "order", datatype: "BYTES", shape: [1], data: ['{"item":"pen","count":2}'] }],
    },
    status: 200,
    reply:
      '{"model_name":"order","model_version":"1","id":"o","outputs":[{"name":"output","shape":[1],"datatype":"BYTES","data":["{\\"item\\":\\"pen\\",\\"count\\":3}"]}]}',
  },
];
