package acrux.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A running emulator: its values, and its control API. */
public final class Acrux implements AutoCloseable {
  private final Map<String, Object> ready;
  private final EmulatorProcess process;
  private final HttpClient http =
      HttpClient.newBuilder().proxy(ProxySelector.of(null)).version(HttpClient.Version.HTTP_1_1).build();

  private Acrux(String ready, EmulatorProcess process) {
    this.ready = Json.object(Json.parse(ready));
    this.process = process;
  }

  /** How an emulator is started. */
  public static final class Options {
    private final List<String> program = new ArrayList<>(List.of("acrux"));
    private final List<String> args = new ArrayList<>();
    private Duration startTimeout = Duration.ofSeconds(30);

    /** A seed file. */
    public Options seed(Path file) {
      return args("--seed", file.toString());
    }

    /** Further options of {@code acrux emulator}. */
    public Options args(String... more) {
      args.addAll(List.of(more));
      return this;
    }

    /** The program and its first arguments, by default {@code acrux}. */
    public Options program(String... words) {
      program.clear();
      program.addAll(List.of(words));
      return this;
    }

    /** 30 seconds by default. */
    public Options startTimeout(Duration timeout) {
      startTimeout = timeout;
      return this;
    }
  }

  /** Starts an emulator, which ends with this process at the latest. Without a seed and further options, the emulator of {@code acrux run} is used if there is one. */
  public static Acrux start(Options options) {
    String given = System.getenv("ACRUX_READY_FILE");
    try {
      if (given != null && options.args.isEmpty()) return new Acrux(Files.readString(Path.of(given)), null);
      EmulatorProcess process = EmulatorProcess.start(options.program, options.args, options.startTimeout);
      return new Acrux(process.ready(), process);
    } catch (IOException error) {
      throw new AcruxStartException("acrux emulator did not start: " + error.getMessage(), error);
    }
  }

  public String url() {
    return text("url");
  }

  public String loginServer() {
    return text("loginServer");
  }

  public String registry() {
    return text("registry");
  }

  public String resourceGroup() {
    return text("resourceGroup");
  }

  public String tenantId() {
    return text("tenantId");
  }

  public String subscriptionId() {
    return text("subscriptionId");
  }

  /** The application id of the service principal that may do everything. */
  public String ownerAppId() {
    return (String) Json.object(ready.get("owner")).get("appId");
  }

  public String ownerSecret() {
    return (String) Json.object(ready.get("owner")).get("secret");
  }

  /** The authority of the emulator, in PEM; null if it serves HTTP. */
  public Path caFile() {
    return path("caFile");
  }

  /** The authorities that the machine trusts, and the emulator's, as PKCS#12 without a password. */
  public Path trustStoreFile() {
    return path("trustStoreFile");
  }

  /** The variables that make the Azure SDKs and other clients in another process use the emulator and trust it. */
  public Map<String, String> env() {
    Map<String, String> env = new LinkedHashMap<>();
    env.put("ACRUX_LOGIN_SERVER", loginServer());
    env.put("AZURE_AUTHORITY_HOST", url());
    env.put("AZURE_TENANT_ID", tenantId());
    env.put("AZURE_CLIENT_ID", ownerAppId());
    env.put("AZURE_CLIENT_SECRET", ownerSecret());
    env.put("AZURE_SUBSCRIPTION_ID", subscriptionId());
    env.put("ARM_METADATA_HOSTNAME", URI.create(url()).getAuthority());
    if (caFile() != null) env.put("NODE_EXTRA_CA_CERTS", text("caFile"));
    if (path("caBundleFile") != null) {
      env.put("REQUESTS_CA_BUNDLE", text("caBundleFile"));
      env.put("SSL_CERT_FILE", text("caBundleFile"));
    }
    return env;
  }

  /** Trusts the emulator alone, for {@link HttpClient} and others. */
  public SSLContext sslContext() {
    try (InputStream pem = Files.newInputStream(caFile())) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int count = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        store.setCertificateEntry("acrux" + count++, each);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException error) {
      throw new IllegalStateException("the authority of the emulator cannot be used: " + caFile(), error);
    }
  }

  /** Restores the state after the seed, with its clock and without faults. */
  public void reset() {
    call("POST", "state/reset", null);
  }

  public void snapshot(String name) {
    call("POST", "state/snapshots/" + encoded(name), null);
  }

  public void restore(String name) {
    call("POST", "state/snapshots/" + encoded(name) + "/restore", null);
  }

  /** Applies a seed, as YAML or JSON, and returns its outputs. */
  public Map<String, Object> seed(String document) {
    return Json.object(Json.object(send("POST", "seed", "application/yaml", document)).get("outputs"));
  }

  /** The time of the emulator. The clock of the test is another one. */
  public Instant now() {
    return Instant.parse((String) Json.object(call("GET", "clock", null)).get("now"));
  }

  /** Moves the clock of the emulator forward, and returns its time. */
  public Instant advance(Duration by) {
    return Instant.parse((String) Json.object(call("POST", "clock/advance", Map.of("by", by.toSeconds() + "s"))).get("now"));
  }

  /** Sets the clock of the emulator. */
  public void setClock(Instant to, boolean frozen) {
    call("PUT", "clock", Map.of("now", to.toString(), "frozen", frozen));
  }

  /** Adds a fault such as {@code Map.of("times", 2, "then", Map.of("status", 503))}, and returns its id. */
  public String addFault(Map<String, ?> fault) {
    return (String) Json.object(call("POST", "faults", fault)).get("id");
  }

  public void removeFault(String id) {
    call("DELETE", "faults/" + encoded(id), null);
  }

  /** The requests that the emulator received. */
  public List<Map<String, Object>> requests() {
    return objects(call("GET", "requests", null));
  }

  /** The last denials, each with its reason and what allows the request. */
  public List<Map<String, Object>> decisions(int last) {
    return objects(call("GET", "decisions?last=" + last, null));
  }

  /** What the emulator printed. Empty if {@code acrux run} started it. */
  public String logs() {
    return process == null ? "" : process.output();
  }

  /** Stops the emulator, unless {@code acrux run} started it. */
  @Override
  public void close() {
    if (process != null) process.stop();
  }

  private String text(String name) {
    return (String) ready.get(name);
  }

  private Path path(String name) {
    return ready.get(name) == null ? null : Path.of(text(name));
  }

  private static List<Map<String, Object>> objects(Object list) {
    return ((List<?>) list).stream().map(Json::object).toList();
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private Object call(String method, String path, Object body) {
    return send(method, path, "application/json", body == null ? null : Json.write(body));
  }

  private Object send(String method, String path, String contentType, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(text("control") + "/_acrux/" + path))
            .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
            .header("Authorization", "Bearer " + text("controlToken"))
            .header("Content-Type", contentType)
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() >= 300) {
        throw new IllegalStateException(method + " /_acrux/" + path + ": status " + response.statusCode() + ": " + response.body());
      }
      return response.body().isEmpty() ? null : Json.parse(response.body());
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", error);
    }
  }
}
