package example;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program that the tests are about: it pushes and pulls an image with one layer, as a user with a password. */
public final class Registry {
  /** The registry denies the request, or does not accept the password. */
  public static final class Denied extends IOException {
    private static final long serialVersionUID = 1;

    Denied(String message) {
      super(message);
    }
  }

  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final Pattern LAYER = Pattern.compile("\"layers\":\\[\\{\"digest\":\"([^\"]+)\"");
  private static final Pattern TOKEN = Pattern.compile("\"access_token\":\\s*\"([^\"]+)\"");

  private final HttpClient http;
  private final String loginServer;
  private final String basic;
  private final Map<String, String> tokens = new HashMap<>();

  public Registry(HttpClient http, String loginServer, String username, String password) {
    this.http = http;
    this.loginServer = loginServer;
    String user = username + ":" + password;
    this.basic = "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }

  /** Pushes an image with this layer, and returns its digest. */
  public String push(String repository, String tag, byte[] layer) throws IOException, InterruptedException {
    byte[] config = "{}".getBytes(StandardCharsets.UTF_8);
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",\
        "config":{"digest":"%s","size":%d,"mediaType":"application/vnd.oci.image.config.v1+json"},\
        "layers":[{"digest":"%s","size":%d,"mediaType":"application/vnd.oci.image.layer.v1.tar"}]}"""
            .formatted(MANIFEST, pushBlob(repository, config), config.length, pushBlob(repository, layer), layer.length);
    HttpResponse<byte[]> response = send("PUT", repository, "manifests/" + tag, manifest.getBytes(StandardCharsets.UTF_8));
    return response.headers().firstValue("Docker-Content-Digest").orElseThrow();
  }

  /** Returns the layer of an image that {@link #push} pushed. */
  public byte[] pull(String repository, String tag) throws IOException, InterruptedException {
    return send("GET", repository, "blobs/" + found(LAYER, manifest(repository, tag)), null).body();
  }

  /** Returns the manifest of an image. */
  public String manifest(String repository, String tag) throws IOException, InterruptedException {
    return text(send("GET", repository, "manifests/" + tag, null));
  }

  private String pushBlob(String repository, byte[] content) throws IOException, InterruptedException {
    String digest = "sha256:" + HexFormat.of().formatHex(sha256().digest(content));
    String location = send("POST", repository, "blobs/uploads/", new byte[0]).headers().firstValue("Location").orElseThrow();
    send("PUT", repository, location + (location.contains("?") ? "&" : "?") + "digest=" + digest, content);
    return digest;
  }

  /** Sends a request, once more with a new token if the token has expired. */
  private HttpResponse<byte[]> send(String method, String repository, String path, byte[] body)
      throws IOException, InterruptedException {
    URI target = URI.create("https://" + loginServer + "/v2/" + repository + "/").resolve(path);
    String scope = "repository:" + repository + ":" + (method.equals("GET") ? "pull" : "pull,push");
    while (true) {
      boolean isKnown = tokens.containsKey(scope);
      String token = isKnown ? tokens.get(scope) : signIn(scope);
      HttpRequest request =
          HttpRequest.newBuilder(target)
              .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body))
              .header("Authorization", "Bearer " + token)
              .header("Accept", MANIFEST)
              .header("Content-Type", path.startsWith("manifests/") ? MANIFEST : "application/octet-stream")
              .build();
      HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      int status = response.statusCode();
      if (status == 401 && isKnown) tokens.remove(scope);
      else if (status == 401 || status == 403) throw new Denied(method + " " + path + ": status " + status);
      else if (status >= 300) throw new IOException(method + " " + path + ": status " + status);
      else {
        tokens.put(scope, token);
        return response;
      }
    }
  }

  private String signIn(String scope) throws IOException, InterruptedException {
    String query = "service=" + encoded(loginServer) + "&scope=" + encoded(scope);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("https://" + loginServer + "/oauth2/token?" + query)).header("Authorization", basic).build();
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) throw new Denied("sign-in: status " + response.statusCode());
    return found(TOKEN, text(response));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String found(Pattern pattern, String text) throws IOException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) throw new IOException("unexpected document: " + text);
    return matcher.group(1);
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }
}
