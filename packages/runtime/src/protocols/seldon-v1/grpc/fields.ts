/** Numbers of the fields of `seldon.protos`. Source: `protos/seldon.proto`. */
export const MESSAGE = { meta: 2, data: 3, binData: 4, strData: 5, jsonData: 6, customData: 7 } as const;
export const DATA = { names: 1, tensor: 2, ndarray: 3, tftensor: 4 } as const;
export const TENSOR = { shape: 1, values: 2 } as const;
export const META = { puid: 1, tags: 2, routing: 3, requestPath: 4, metrics: 5 } as const;
export const METRIC = { key: 1, type: 2, value: 3, tags: 4 } as const;
export const LIST = { messages: 1 } as const;
export const FEEDBACK = { request: 1, response: 2, reward: 3, truth: 4 } as const;
export const METADATA = { name: 1, versions: 2, platform: 3, inputs: 4, outputs: 5, custom: 6 } as const;
export const MESSAGE_METADATA = { messagetype: 1, schema: 2, name: 3, datatype: 4, shape: 5 } as const;
