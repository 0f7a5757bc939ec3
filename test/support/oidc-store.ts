import type { Adapter, AdapterPayload } from "oidc-provider";

/** Keeps in memory what a provider of one test knows of sessions, codes and grants; it ends before any of them does. */
export function createOidcStore(): (model: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (model) => {
    const find = async (id: string): Promise<AdapterPayload | undefined> => kept.get(`${model}:${id}`);
    const findBy = (fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
      [...kept].find(([key, payload]) => key.startsWith(`${model}:`) && fits(payload))?.[1];
    return {
      find,
      findByUid: async (wanted) => findBy(({ uid }) => uid === wanted),
      findByUserCode: async (wanted) => findBy(({ userCode }) => userCode === wanted),
      upsert: async (id, payload) => void kept.set(`${model}:${id}`, payload),
      destroy: async (id) => void kept.delete(`${model}:${id}`),
      consume: async (id) => void Object.assign((await find(id)) ?? {}, { consumed: Math.floor(Date.now() / 1000) }),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
      },
    };
  };
}
