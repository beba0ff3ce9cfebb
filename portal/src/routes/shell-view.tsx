import { Outlet, useParams } from '@tanstack/react-router'
import { UnknownRegistry } from '../components/registries/unknown-registry.tsx'
import { useKnownRegistry } from '../components/registries/use-registry.ts'
import { AppShell } from '../components/shell/app-shell.tsx'

/** The shell, and in it the view of the address. */
export function ShellView() {
  return (
    <AppShell>
      <ViewOfRegistry />
    </AppShell>
  )
}

/** The view of the address, if its registry exists. */
function ViewOfRegistry() {
  const { registry } = useParams({ strict: false })
  const { isUnknown } = useKnownRegistry(registry)
  return isUnknown && registry !== undefined ? <UnknownRegistry loginServer={registry} /> : <Outlet />
}
