/** The content of a seed file. Missing identifiers are derived from the names. */
export interface Seed {
  version: 1
  clock?: string
  registries?: readonly SeedObject<'name'>[]
  users?: readonly SeedObject<'upn'>[]
  applications?: readonly SeedObject<'name'>[]
  groups?: readonly SeedObject<'name'>[]
  roleAssignments?: readonly SeedObject<'to' | 'role'>[]
  scopeMaps?: readonly SeedObject<'registry' | 'name'>[]
  tokens?: readonly SeedObject<'registry' | 'name'>[]
  images?: readonly SeedObject<'ref'>[]
  templates?: readonly SeedObject<'file'>[]
}

/** An object of a seed. The type lists the required members; the reference of seeds lists the other members. */
export type SeedObject<Required extends string> = { readonly [Name in Required]: string } & {
  readonly [name: string]: unknown
}
