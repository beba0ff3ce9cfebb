# A registry with a scope map and a token for one repository, managed by Terraform's azurerm provider. Sign in as a service principal
# with the role Contributor at the subscription, and trust the certificate of the server:
#
#   export ARM_METADATA_HOSTNAME=registry.example.com ARM_TENANT_ID=... ARM_SUBSCRIPTION_ID=... ARM_CLIENT_ID=... ARM_CLIENT_SECRET=...
#   export SSL_CERT_FILE=ca.pem
#   terraform init && terraform apply

terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}
  resource_provider_registrations = "none"
}

variable "resource_group" {
  type        = string
  default     = "acrux"
  description = "The resource group of the registry. The file first-run.json of the server has its name."
}

resource "azurerm_container_registry" "team" {
  name                = "teamapps"
  resource_group_name = var.resource_group
  location            = "local"
  sku                 = "Premium"
}

resource "azurerm_container_registry_scope_map" "reader" {
  name                    = "app-reader"
  container_registry_name = azurerm_container_registry.team.name
  resource_group_name     = var.resource_group
  actions                 = ["repositories/app/content/read", "repositories/app/metadata/read"]
}

resource "azurerm_container_registry_token" "reader" {
  name                    = "app-reader"
  container_registry_name = azurerm_container_registry.team.name
  resource_group_name     = var.resource_group
  scope_map_id            = azurerm_container_registry_scope_map.reader.id
}

output "login_server" {
  value = azurerm_container_registry.team.login_server
}
