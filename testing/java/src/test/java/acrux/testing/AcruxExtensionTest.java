package acrux.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(AcruxExtension.class)
class AcruxExtensionTest {
  private static final String SEED =
      """
      version: 1
      scopeMaps: [{ registry: acrux, name: app-read, actions: [repositories/app/content/read] }]
      tokens: [{ registry: acrux, name: device, scopeMap: app-read, passwords: [device-password] }]
      images: [{ ref: 'acrux/app:1' }]
      """;

  private static int pull(Acrux acrux, String path, String password) throws IOException, InterruptedException {
    String user = Base64.getEncoder().encodeToString(("device:" + password).getBytes());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(acrux.url() + "/v2/" + path))
            .header("Authorization", "Basic " + user)
            .header("Accept", "application/vnd.oci.image.manifest.v1+json")
            .build();
    HttpClient client = HttpClient.newBuilder().sslContext(acrux.sslContext()).build();
    return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void aSeedIsAppliedAndAWrongPasswordIsRejected(Acrux acrux) throws Exception {
    acrux.seed(SEED);
    assertEquals(200, pull(acrux, "app/manifests/1", "device-password"));
    assertEquals(401, pull(acrux, "app/manifests/1", "wrong"));
  }

  @Test
  void aDenialIsRecorded(Acrux acrux) throws Exception {
    acrux.seed(SEED);
    pull(acrux, "other/manifests/1", "device-password");
    assertEquals("other", acrux.decisions(1).get(0).get("repository"));
  }

  @Test
  void theClockMovesAndAResetRestoresIt(Acrux acrux) {
    Instant before = acrux.now();
    assertTrue(!acrux.advance(Duration.ofHours(3)).isBefore(before.plus(3, ChronoUnit.HOURS)));
    Instant later = before.plus(2, ChronoUnit.DAYS).truncatedTo(ChronoUnit.MILLIS);
    acrux.setClock(later, true);
    assertEquals(later, acrux.now());
    acrux.reset();
    assertTrue(acrux.now().isBefore(before.plus(1, ChronoUnit.HOURS)));
  }

  @Test
  void aFaultHappensAsOftenAsItSays(Acrux acrux) throws Exception {
    acrux.seed(SEED);
    acrux.addFault(Map.of("match", Map.of("surface", "registry"), "times", 1, "then", Map.of("status", 503)));
    assertEquals(503, pull(acrux, "app/manifests/1", "device-password"));
    assertEquals(200, pull(acrux, "app/manifests/1", "device-password"));
    acrux.removeFault(acrux.addFault(Map.of("then", Map.of("status", 429))));
    assertTrue(acrux.requests().size() > 1);
  }

  @Test
  void aSeedIsGoneAfterAResetAndASnapshotIsNot(Acrux acrux) throws Exception {
    acrux.seed(SEED);
    acrux.snapshot("seeded");
    acrux.reset();
    assertEquals(401, pull(acrux, "app/manifests/1", "device-password"));
    acrux.restore("seeded");
    assertEquals(200, pull(acrux, "app/manifests/1", "device-password"));
  }

  @Test
  void theVariablesOfClientsNameTheEmulator(Acrux acrux) {
    assertEquals(acrux.url(), acrux.env().get("AZURE_AUTHORITY_HOST"));
    assertTrue(Files.exists(Path.of(acrux.env().get("SSL_CERT_FILE"))));
    assertTrue(Files.exists(acrux.trustStoreFile()));
  }

  @Test
  void aWrongOptionFailsTheStartWithItsOutput() {
    Acrux.Options wrong = new Acrux.Options().args("--no-such-option");
    AcruxStartException failed = assertThrows(AcruxStartException.class, () -> Acrux.start(wrong));
    assertTrue(failed.getMessage().contains("--no-such-option"), failed.getMessage());
  }
}
