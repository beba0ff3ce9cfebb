import type { FlagDescription } from '../../../framework/command/command.ts'
import { type OwningRegistryFlags, owningRegistryFlags } from '../../../clients/arm/named-registry.ts'

/** Selects the registry of `acr config`. */
export type ConfigFlags = OwningRegistryFlags

/** Describes {@link ConfigFlags}. az also accepts the older names of the option. */
export const configFlags: readonly FlagDescription[] = owningRegistryFlags.map((flag) =>
  flag.flags.startsWith('-r,') ? { ...flag, aliases: ['--name', '-n'] } : flag,
)
