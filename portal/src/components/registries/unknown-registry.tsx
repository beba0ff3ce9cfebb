import { Text } from '@fluentui/react-components'
import { AppLink } from '../elements/app-link.tsx'
import { Page } from '../elements/page.tsx'
import { texts } from '../texts/texts.ts'
import { useRegistries } from './use-registry.ts'

const view = texts.unknownRegistry

/** In place of the views of a registry that does not exist. */
export function UnknownRegistry({ loginServer }: { readonly loginServer: string }) {
  const registries = useRegistries().data ?? []
  return (
    <Page title={texts.errors.missing}>
      <Text>{view.text(loginServer)}</Text>
      {registries.length > 0 && (
        <div>
          <Text>{view.others}</Text>
          <ul>
            {registries.map(({ id, name, properties }) => (
              <li key={id}>
                <AppLink to="/registries/$registry" params={{ registry: properties.loginServer }}>
                  {name}
                </AppLink>
              </li>
            ))}
          </ul>
        </div>
      )}
      <div>
        <AppLink to="/">{texts.home}</AppLink>
      </div>
    </Page>
  )
}
