// The person before another background, by WebGL2: opacity = ramp(a · grey + b), blur by normalised convolution.

const VERTEX = `#version 300 es
out vec2 uv;
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  uv = corner;
  gl_Position = vec4(corner * 2. - 1., 0., 1.);
}`;

const HEAD = `#version 300 es
precision highp float;
in vec2 uv;
out vec4 pixel;
uniform sampler2D frame, fields, behind;
uniform float mirrored;
vec2 at() { return vec2(mirrored > .5 ? 1. - uv.x : uv.x, 1. - uv.y); }  // pictures begin above, the canvas below
float opacity(vec2 where) {
  vec3 rgb = texture(frame, where).rgb;
  vec2 ab = texture(fields, where).rg;
  return clamp((ab.r * dot(rgb, vec3(.299, .587, .114)) + ab.g - .2) / .6, 0., 1.);
}`;

const SMALL = `${HEAD}
void main() {
  float weight = 1. - opacity(uv) + .001;
  pixel = vec4(texture(frame, uv).rgb * weight, weight);
}`;

const BLUR = `${HEAD}
uniform vec2 step;
uniform float sigma;
void main() {
  vec4 sum = vec4(0.);
  float total = 0.;
  int reach = int(ceil(3. * sigma));
  for (int i = -reach; i <= reach; i++) {
    float weight = exp(-.5 * float(i * i) / (sigma * sigma));
    sum += weight * texture(behind, uv + float(i) * step);
    total += weight;
  }
  pixel = sum / total;
}`;

// Light wrap: a little of the background's light falls over the person's rim, as a lens has it.
const FINISH = `${HEAD}
uniform int kind;
uniform vec4 colour;
uniform vec2 fill;
void main() {
  vec2 here = at();
  vec3 own = texture(frame, here).rgb;
  float alpha = opacity(here);
  if (kind == 0) { pixel = vec4(own, 1.); return; }
  if (kind == 1) { pixel = vec4(own * alpha, alpha); return; }
  vec4 found = colour;
  if (kind == 2) { found = texture(behind, here); found.rgb /= max(found.a, .0001); }
  if (kind == 4) found = texture(behind, (vec2(uv.x, 1. - uv.y) - .5) * fill + .5);
  float rim = alpha * (1. - alpha);
  pixel = vec4(mix(found.rgb, own, alpha) + .25 * rim * (found.rgb - own), 1.);
}`;

const KINDS = { none: 0, transparent: 1, blur: 2, colour: 3, picture: 4 };
const BLUR_SIDE = 128; // longer side at which the background is blurred; half of cutout/compose.py, for machines without a GPU

export class Composer {
  constructor(canvas) {
    this.canvas = canvas;
    const gl = (this.gl = canvas.getContext("webgl2", { alpha: true, premultipliedAlpha: true, antialias: false }));
    if (!gl) throw new Error("this browser has no WebGL2, by which the page draws; another browser has");
    this.floats = Boolean(gl.getExtension("EXT_color_buffer_float") || gl.getExtension("EXT_color_buffer_half_float"));
    this.programs = Object.fromEntries(
      Object.entries({ SMALL, BLUR, FINISH }).map(([name, code]) => [name, this.#program(code)]));
    this.textures = Object.fromEntries(["frame", "fields", "picture", "small", "across"].map((name) => [name, gl.createTexture()]));
    this.target = gl.createFramebuffer();
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.fill = [1, 1];
    this.pictureSize = null;
  }

  #program(fragment) {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, code] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, code);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    return program;
  }

  #bind(name, unit) {
    this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.textures[name]);
  }

  #filter(least) {
    const gl = this.gl;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, least);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** The picture behind, an ImageBitmap. */
  picture(bitmap) {
    const gl = this.gl;
    this.#bind("picture", 2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
    this.#filter(gl.LINEAR_MIPMAP_LINEAR);
    this.pictureSize = [bitmap.width, bitmap.height];
  }

  #draw(program, uniforms, target, width, height) {
    const gl = this.gl;
    gl.useProgram(program);
    for (const [name, unit] of [["frame", 0], ["fields", 1], ["behind", 2]])
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
    for (const [name, value] of Object.entries(uniforms)) {
      const at = gl.getUniformLocation(program, name);
      if (name === "kind") gl.uniform1i(at, value);
      else if (Array.isArray(value)) gl[`uniform${value.length}f`](at, ...value);
      else gl.uniform1f(at, value);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, target ? this.target : null);
    if (target) gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.textures[target], 0);
    gl.viewport(0, 0, width, height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #room(name, width, height) {
    const gl = this.gl;
    this.#bind(name, 2);
    const [inside, type] = this.floats ? [gl.RGBA16F, gl.HALF_FLOAT] : [gl.RGBA8, gl.UNSIGNED_BYTE];
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, gl.RGBA, type, null);
    this.#filter(gl.LINEAR);
  }

  /** Draws a frame (ImageBitmap) with the grid's coefficients, `look` as the page's settings say. */
  draw(bitmap, fields, gridWidth, gridHeight, look) {
    const gl = this.gl, { width, height } = bitmap;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.#bind("frame", 0);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    const blurred = look.background === "blur";
    if (blurred) gl.generateMipmap(gl.TEXTURE_2D);
    this.#filter(blurred ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR);
    this.#bind("fields", 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16F, gridWidth, gridHeight, 0, gl.RG, gl.FLOAT, fields);
    this.#filter(gl.LINEAR);
    if (blurred) this.#blur(width, height, look.blur);
    const picture = look.background === "picture" && this.pictureSize;
    if (picture) {
      const [w, h] = this.pictureSize, scale = Math.max(width / w, height / h);
      this.fill = [width / (w * scale), height / (h * scale)];
      this.#bind("picture", 2);
    } else this.#bind(blurred ? "small" : "picture", 2);
    const kind = look.background === "picture" && !picture ? KINDS.colour : KINDS[look.background];
    const finish = { kind, colour: [...look.colour, 1], fill: this.fill, mirrored: look.mirrored ? 1 : 0 };
    this.#draw(this.programs.FINISH, finish, null, width, height);
  }

  #blur(width, height, strength) {
    const scale = Math.min(1, BLUR_SIDE / Math.max(width, height));
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const sigma = Math.max(0.5, strength * Math.max(w, h));
    this.#room("small", w, h);
    this.#room("across", w, h);
    this.#draw(this.programs.SMALL, { mirrored: 0 }, "small", w, h);
    this.#bind("small", 2);
    this.#draw(this.programs.BLUR, { step: [1 / w, 0], sigma, mirrored: 0 }, "across", w, h);
    this.#bind("across", 2);
    this.#draw(this.programs.BLUR, { step: [0, 1 / h], sigma, mirrored: 0 }, "small", w, h);
  }
}
