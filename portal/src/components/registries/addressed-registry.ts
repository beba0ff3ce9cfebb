import { createContext, useContext } from 'react'
import type { NamedRegistry } from '../../api/use-session.ts'

/** The registry that the address of the page names. */
export const AddressedRegistry = createContext<NamedRegistry | undefined>(undefined)

/** The registry that the address of the page names. @throws outside of the views of a registry */
export function useAddressedRegistry(): NamedRegistry {
  const registry = useContext(AddressedRegistry)
  if (registry === undefined) throw new Error('the address names no registry')
  return registry
}
