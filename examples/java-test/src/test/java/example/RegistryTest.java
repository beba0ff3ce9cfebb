package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import acrux.testing.Acrux;
import acrux.testing.AcruxExtension;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RegistryTest {
  @RegisterExtension
  static final AcruxExtension EMULATOR = new AcruxExtension(new Acrux.Options().seed(Path.of("acrux.seed.yaml")));

  private static final byte[] LAYER = "layer".getBytes(StandardCharsets.UTF_8);

  private static HttpClient http(Acrux acrux) {
    return HttpClient.newBuilder().sslContext(acrux.sslContext()).version(HttpClient.Version.HTTP_1_1).build();
  }

  private static Registry client(Acrux acrux, String name) {
    return new Registry(http(acrux), acrux.loginServer(), name, name + "-password");
  }

  /** Deletes a scoped token as the owner does, with a request of Azure Resource Manager. */
  private static void deleteToken(Acrux acrux, String name) throws IOException, InterruptedException {
    String form =
        "grant_type=client_credentials&client_id=" + acrux.ownerAppId() + "&client_secret=" + acrux.ownerSecret()
            + "&scope=" + URLEncoder.encode("https://management.core.windows.net//.default", StandardCharsets.UTF_8);
    HttpRequest signIn =
        HttpRequest.newBuilder(URI.create(acrux.url() + "/" + acrux.tenantId() + "/oauth2/v2.0/token"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
    String issued = http(acrux).send(signIn, HttpResponse.BodyHandlers.ofString()).body();
    String bearer = issued.replaceAll("(?s).*\"access_token\":\\s*\"([^\"]+)\".*", "$1");
    String path =
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.ContainerRegistry/registries/%s/tokens/%s?api-version=2025-11-01"
            .formatted(acrux.subscriptionId(), acrux.resourceGroup(), acrux.registry(), name);
    HttpRequest delete =
        HttpRequest.newBuilder(URI.create(acrux.url() + path)).header("Authorization", "Bearer " + bearer).DELETE().build();
    assertTrue(http(acrux).send(delete, HttpResponse.BodyHandlers.discarding()).statusCode() < 300);
  }

  @Test
  void pushAndPull(Acrux acrux) throws Exception {
    assertTrue(client(acrux, "publisher").push("team/app", "1", LAYER).startsWith("sha256:"));
    assertArrayEquals(LAYER, client(acrux, "deployer").pull("team/app", "1"));
  }

  @Test
  void deny(Acrux acrux) {
    assertThrows(Registry.Denied.class, () -> client(acrux, "deployer").push("team/app", "1", LAYER));
    var denial = acrux.decisions(1).get(0);
    assertEquals("team/app", denial.get("repository"));
    assertEquals("push", denial.get("action"));
  }

  @Test
  void expire(Acrux acrux) throws Exception {
    Registry deployer = client(acrux, "deployer");
    deployer.manifest("team/app", "base");
    acrux.advance(Duration.ofHours(3));
    deployer.manifest("team/app", "base"); // The access token has expired, and the program gets a new one.
    acrux.advance(Duration.ofDays(30));
    assertThrows(Registry.Denied.class, () -> deployer.manifest("team/app", "base")); // The password has expired.
  }

  @Test
  void revoke(Acrux acrux) throws Exception {
    Registry deployer = client(acrux, "deployer");
    deployer.manifest("team/app", "base");
    deleteToken(acrux, "deployer");
    assertThrows(Registry.Denied.class, () -> deployer.manifest("team/app", "base"));
  }

  @Test
  void reset(Acrux acrux) throws Exception {
    client(acrux, "publisher").push("team/app", "2", LAYER);
    acrux.reset(); // As before each test.
    IOException missing = assertThrows(IOException.class, () -> client(acrux, "publisher").manifest("team/app", "2"));
    assertTrue(missing.getMessage().endsWith("404"), missing.getMessage());
  }
}
