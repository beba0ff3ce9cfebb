import type { ArmContext } from './arm/context.ts'
import type { IdentitiesContext } from './identities/context.ts'
import type { RegistriesContext } from './registries/context.ts'
import type { RolesContext } from './roles/context.ts'
import type { ServerContext } from './server/context.ts'

/** What the whole surface is created with: the contexts of its parts. */
export type ManagementContext = ArmContext & IdentitiesContext & RegistriesContext & RolesContext & ServerContext
