import { nearNames } from '@acrux/shared/texts/nearest-name.ts'
import { Text } from '@fluentui/react-components'
import { AppLink } from '../elements/app-link.tsx'
import { Page } from '../elements/page.tsx'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { useRegistries } from './use-registry.ts'

const view = texts.unknownRegistry

/** In place of the views of a registry that does not exist, or that the person may not see. */
export function UnknownRegistry({ name }: { readonly name: string }) {
  const names = (useRegistries().data ?? []).map((registry) => registry.name)
  const near = nearNames(name, names)
  return (
    <Page title={texts.errors.missing}>
      <Text>{view.text(visibleName(name))}</Text>
      {near.length > 0 && (
        <div>
          <Text>{view.near}</Text>
          <ul>
            {near.map((registry) => (
              <li key={registry}>
                <AppLink to="/r/$registry" params={{ registry }}>
                  {registry}
                </AppLink>
              </li>
            ))}
          </ul>
        </div>
      )}
      <div>
        <AppLink to="/">{view.other}</AppLink>
      </div>
    </Page>
  )
}
