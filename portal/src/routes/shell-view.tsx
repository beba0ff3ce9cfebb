import { Outlet, useParams } from '@tanstack/react-router'
import { Loaded } from '../components/elements/loaded.tsx'
import { AddressedRegistry } from '../components/registries/addressed-registry.ts'
import { UnknownRegistry } from '../components/registries/unknown-registry.tsx'
import { useNamedRegistry } from '../components/registries/use-registry.ts'
import { AppShell } from '../components/shell/app-shell.tsx'

/** The shell, and in it the view of the address. */
export function ShellView() {
  const { registry } = useParams({ strict: false })
  return <AppShell>{registry === undefined ? <Outlet /> : <ViewOfRegistry name={registry} />}</AppShell>
}

/** The view of the address, if its registry exists. */
function ViewOfRegistry({ name }: { readonly name: string }) {
  const query = useNamedRegistry(name)
  return (
    <Loaded query={query}>
      {(registry) =>
        registry === null ? (
          <UnknownRegistry name={name} />
        ) : (
          <AddressedRegistry value={registry}>
            <Outlet />
          </AddressedRegistry>
        )
      }
    </Loaded>
  )
}
