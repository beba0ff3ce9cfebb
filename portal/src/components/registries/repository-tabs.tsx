import { useNavigate } from '@tanstack/react-router'
import { Tabs } from '../elements/tabs.tsx'
import { useAddressedRegistry } from './addressed-registry.ts'
import { imagesTexts } from '../texts/images.ts'

const places = {
  active: '/r/$registry/repositories',
  deleted: '/r/$registry/deleted',
  uploads: '/r/$registry/uploads',
} as const

/** The lists of repositories, of deleted images, and of uploads. */
export function RepositoryTabs({ selected }: { readonly selected: keyof typeof places }) {
  const { name: registry } = useAddressedRegistry()
  const navigate = useNavigate()
  return (
    <Tabs
      tabs={imagesTexts.repositories.tabs}
      selected={selected}
      onSelect={(tab) => void navigate({ to: places[tab], params: { registry } })}
    />
  )
}
