import { useParams, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useRead } from '../../api/queries.ts'
import { findRegistry } from '../../api/use-session.ts'
import { Loaded } from '../elements/loaded.tsx'
import { renamedAddress } from './renamed-address.ts'
import { UnknownRegistry } from './unknown-registry.tsx'

/** Leads from an address with a login server, as in old messages and documents, to the address with the name of the registry. */
export function OldAddress() {
  const { loginServer = '' } = useParams({ strict: false })
  const query = useRead(['registry-at', loginServer], async (signal) => ({
    found: await findRegistry({ loginServer }, signal),
  }))
  return (
    <Loaded query={query}>
      {({ found }) => (found === null ? <UnknownRegistry name={loginServer} /> : <Renamed name={found.name} />)}
    </Loaded>
  )
}

function Renamed({ name }: { readonly name: string }) {
  const { history } = useRouter()
  useEffect(() => history.replace(renamedAddress(history.location.href, name)), [history, name])
  return null
}
