import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { Forbidden } from '../elements/forbidden.tsx'
import { Loaded } from '../elements/loaded.tsx'
import { rightsTexts } from '../texts/rights.ts'
import { useAddressedRegistry } from './addressed-registry.ts'
import { useRegistries } from './use-registry.ts'

type WithRegistryProps = { readonly loginServer: string; readonly children: (registry: Registry) => ReactNode }

/** Shows the settings of a registry, or says that the person's roles do not include them. */
export function WithRegistry({ loginServer, children }: WithRegistryProps) {
  const registries = useRegistries()
  const { name } = useAddressedRegistry()
  return (
    <Loaded query={registries}>
      {(found) => {
        const registry = found.find(({ properties }) => properties.loginServer === loginServer)
        if (registry !== undefined) return children(registry)
        return (
          <>
            <Forbidden why={rightsTexts.notVisible} registry={name} role="Reader" />
            <Text>{rightsTexts.notVisibleNext}</Text>
          </>
        )
      }}
    </Loaded>
  )
}
