// Particles that avoid each other, lit by many lights, over a terrain of noise.

struct Settings {
    view: mat4x4<f32>,
    eye: vec4<f32>,
    size: vec2<f32>,
    time: f32,
    step: f32,
    near: f32,
    far: f32,
    lights: u32,
    particles: u32,
}

struct Particle {
    place: vec3<f32>,
    mass: f32,
    speed: vec3<f32>,
    age: f32,
}

struct Light {
    place: vec3<f32>,
    reach: f32,
    colour: vec3<f32>,
    kind: u32,
}

struct Surface {
    @builtin(position) position: vec4<f32>,
    @location(0) world: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) colour: vec4<f32>,
    @location(3) uv: vec2<f32>,
}

const LIGHTS: u32 = 16u;
const GROUP: u32 = 64u;
const PI: f32 = 3.14159265;

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> before: array<Particle>;
@group(0) @binding(2) var<storage, read_write> after: array<Particle>;
@group(0) @binding(3) var<uniform> lights: array<Light, 16>;
@group(0) @binding(4) var shadows: texture_depth_2d_array;
@group(0) @binding(5) var compare: sampler_comparison;
@group(0) @binding(6) var albedo: texture_2d<f32>;
@group(0) @binding(7) var smooth_sampler: sampler;

var<workgroup> shared_places: array<vec4<f32>, 64>;

fn hash(point: vec2<f32>) -> f32 {
    let mixed = fract(sin(vec2<f32>(dot(point, vec2<f32>(127.1, 311.7)), dot(point, vec2<f32>(269.5, 183.3)))) * 43758.5453);
    return fract(mixed.x + mixed.y * 17.0);
}

fn noise(point: vec2<f32>) -> f32 {
    let cell = floor(point);
    let inside = fract(point);
    let blend = inside * inside * (3.0 - 2.0 * inside);
    let low = mix(hash(cell), hash(cell + vec2<f32>(1.0, 0.0)), blend.x);
    let high = mix(hash(cell + vec2<f32>(0.0, 1.0)), hash(cell + vec2<f32>(1.0, 1.0)), blend.x);
    return mix(low, high, blend.y);
}

fn terrain(point: vec2<f32>) -> f32 {
    var sum = 0.0;
    var scale = 0.5;
    var at = point;
    for (var octave = 0; octave < 6; octave++) {
        sum += scale * noise(at);
        at = at * 2.03 + vec2<f32>(11.3, 7.9);
        scale *= 0.48;
    }
    return sum;
}

fn normal_of_terrain(point: vec2<f32>) -> vec3<f32> {
    let wide = 0.01;
    let dx = terrain(point + vec2<f32>(wide, 0.0)) - terrain(point - vec2<f32>(wide, 0.0));
    let dy = terrain(point + vec2<f32>(0.0, wide)) - terrain(point - vec2<f32>(0.0, wide));
    return normalize(vec3<f32>(-dx, 2.0 * wide, -dy));
}

@compute @workgroup_size(64)
fn move_particles(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = id.x;
    var push = vec3<f32>(0.0);
    var mean = vec3<f32>(0.0);
    var near = 0u;
    let own = before[min(index, settings.particles - 1u)];
    for (var start = 0u; start < settings.particles; start += GROUP) {
        let other = min(start + local.x, settings.particles - 1u);
        shared_places[local.x] = vec4<f32>(before[other].place, before[other].mass);
        workgroupBarrier();
        for (var at = 0u; at < GROUP; at++) {
            if start + at == index {
                continue;
            }
            let away = own.place - shared_places[at].xyz;
            let squared = dot(away, away);
            if squared < settings.near * settings.near {
                push += away * shared_places[at].w / max(squared, 0.0001);
            } else if squared < settings.far * settings.far {
                mean += shared_places[at].xyz;
                near += 1u;
            }
        }
        workgroupBarrier();
    }
    if index >= settings.particles {
        return;
    }
    if near > 0u {
        push += (mean / f32(near) - own.place) * 0.02;
    }
    var next = own;
    next.speed = clamp(own.speed * 0.99 + push * settings.step, vec3<f32>(-2.0), vec3<f32>(2.0));
    next.place = own.place + next.speed * settings.step;
    let ground = terrain(next.place.xz);
    if next.place.y < ground {
        next.place.y = ground;
        next.speed = reflect(next.speed, normal_of_terrain(next.place.xz)) * 0.6;
    }
    next.age = own.age + settings.step;
    after[index] = next;
}

@vertex
fn draw_particle(@builtin(vertex_index) corner: u32, @builtin(instance_index) instance: u32) -> Surface {
    var corners = array<vec2<f32>, 6>(
        vec2<f32>(-1.0, -1.0), vec2<f32>(1.0, -1.0), vec2<f32>(1.0, 1.0),
        vec2<f32>(-1.0, -1.0), vec2<f32>(1.0, 1.0), vec2<f32>(-1.0, 1.0),
    );
    let particle = before[instance];
    let offset = corners[corner] * 0.02 * sqrt(particle.mass);
    let forward = normalize(settings.eye.xyz - particle.place);
    let right = normalize(cross(vec3<f32>(0.0, 1.0, 0.0), forward));
    let up = cross(forward, right);
    var surface: Surface;
    surface.world = particle.place + right * offset.x + up * offset.y;
    surface.position = settings.view * vec4<f32>(surface.world, 1.0);
    surface.normal = forward;
    surface.colour = vec4<f32>(mix(vec3<f32>(0.9, 0.4, 0.1), vec3<f32>(0.2, 0.4, 0.9), saturate(particle.age * 0.1)), 1.0);
    surface.uv = corners[corner] * 0.5 + 0.5;
    return surface;
}

fn lit_part(light: u32, world: vec3<f32>) -> f32 {
    let towards = world - lights[light].place;
    let flat_uv = vec2<f32>(atan2(towards.z, towards.x) / (2.0 * PI) + 0.5, acos(normalize(towards).y) / PI);
    var sum = 0.0;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let uv = flat_uv + vec2<f32>(f32(x), f32(y)) / 1024.0;
            sum += textureSampleCompareLevel(shadows, compare, uv, i32(light), length(towards) / lights[light].reach);
        }
    }
    return sum / 9.0;
}

@fragment
fn shade(surface: Surface) -> @location(0) vec4<f32> {
    let texel = textureSample(albedo, smooth_sampler, surface.uv);
    let view = normalize(settings.eye.xyz - surface.world);
    var colour = texel.rgb * surface.colour.rgb * 0.05;
    for (var at = 0u; at < min(settings.lights, LIGHTS); at++) {
        let light = lights[at];
        let towards = light.place - surface.world;
        let distance = length(towards);
        var strength = saturate(1.0 - distance / light.reach);
        switch light.kind {
            case 0u: { strength *= strength; }
            case 1u, 2u: { strength = select(0.0, strength, dot(surface.normal, towards) > 0.0); }
            default: { strength = 1.0; }
        }
        let diffuse = max(dot(surface.normal, towards / distance), 0.0);
        let half_way = normalize(view + towards / distance);
        let shine = pow(max(dot(surface.normal, half_way), 0.0), 32.0);
        colour += lit_part(at, surface.world) * strength * light.colour * (texel.rgb * diffuse + shine);
    }
    return vec4<f32>(pow(colour, vec3<f32>(1.0 / 2.2)), texel.a * surface.colour.a);
}
