// Photos drawn on the spot, so that a demonstration needs no files: a car in varying colours, places and weather.

const SKIES = [["#7db8e8", "#dcebf5"], ["#f2a65a", "#fbe3c4"], ["#8fa3b5", "#d9e0e6"], ["#4b6a9b", "#c9a6b8"]];
const PAINTS = ["#b3261e", "#1f4e8c", "#e8e8ea", "#2b2d31", "#c4c9cf", "#2e6b4f", "#d9a520", "#5c3a78"];

/** `count` JPEG photos as files. */
export async function samplePhotos(count) {
  const paint = PAINTS[Math.floor(Math.random() * PAINTS.length)];
  const photos = [];
  for (let index = 0; index < count; index += 1) {
    const canvas = document.createElement("canvas");
    canvas.width = 960;
    canvas.height = 720;
    drawShot(canvas.getContext("2d"), index, paint);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.86));
    photos.push(new File([blob], `photo-${index + 1}.jpg`, { type: "image/jpeg" }));
  }
  return photos;
}

function drawShot(pen, index, paint) {
  const [top, low] = SKIES[index % SKIES.length];
  fillDown(pen, 0, 0, 960, 460, top, low);
  skyline(pen, index);
  fillDown(pen, 0, 430, 960, 290, "#6d7277", "#43474b");
  pen.fillStyle = "#e9e4d0";
  for (let x = -60 + (index * 47) % 90; x < 960; x += 190) pen.fillRect(x, 640, 105, 9);
  pen.save();
  const close = [1, 1.35, 0.86, 1.7][index % 4];
  pen.translate(480 + [0, 40, -60, 250][index % 4], 500);
  pen.scale(index % 2 ? -close : close, close);
  car(pen, paint);
  pen.restore();
  grain(pen, index);
}

function fillDown(pen, x, y, width, height, from, to) {
  const shade = pen.createLinearGradient(0, y, 0, y + height);
  shade.addColorStop(0, from);
  shade.addColorStop(1, to);
  pen.fillStyle = shade;
  pen.fillRect(x, y, width, height);
}

function skyline(pen, seed) {
  let x = -30;
  for (let step = 0; x < 990; step += 1) {
    const width = 70 + ((step * 53 + seed * 31) % 70);
    const height = 60 + ((step * 97 + seed * 71) % 150);
    pen.fillStyle = ["#8d99a5", "#7c8a97", "#9aa5af"][(step + seed) % 3];
    pen.fillRect(x, 432 - height, width - 6, height);
    pen.fillStyle = "rgba(255,240,200,.42)";
    for (let row = 0; row < height / 26 - 1; row += 1) {
      for (let column = 0; column < (width - 22) / 18; column += 1) {
        if ((row * 7 + column * 3 + step) % 3) pen.fillRect(x + 10 + column * 18, 444 - height + row * 26, 8, 12);
      }
    }
    x += width;
  }
}

function car(pen, paint) {
  pen.fillStyle = "rgba(0,0,0,.34)";
  pen.beginPath();
  pen.ellipse(0, 92, 300, 20, 0, 0, 7);
  pen.fill();
  const body = pen.createLinearGradient(0, -110, 0, 90);
  body.addColorStop(0, lighten(paint, 70));
  body.addColorStop(0.45, paint);
  body.addColorStop(1, lighten(paint, -50));
  pen.fillStyle = body;
  pen.beginPath();
  pen.moveTo(-282, 62);
  pen.bezierCurveTo(-296, 10, -276, -14, -206, -22);
  pen.bezierCurveTo(-150, -84, -108, -110, -22, -112);
  pen.bezierCurveTo(72, -114, 112, -84, 164, -30);
  pen.bezierCurveTo(238, -22, 280, -6, 288, 34);
  pen.bezierCurveTo(292, 56, 286, 66, 270, 68);
  pen.lineTo(-270, 68);
  pen.closePath();
  pen.fill();
  pen.fillStyle = "#23303c";
  pen.beginPath();
  pen.moveTo(-158, -28);
  pen.bezierCurveTo(-122, -74, -92, -92, -36, -95);
  pen.lineTo(-30, -28);
  pen.closePath();
  pen.moveTo(-16, -28);
  pen.lineTo(-20, -96);
  pen.bezierCurveTo(58, -98, 88, -74, 128, -28);
  pen.closePath();
  pen.fill();
  pen.fillStyle = "rgba(255,255,255,.16)";
  pen.beginPath();
  pen.moveTo(-112, -36);
  pen.lineTo(-70, -84);
  pen.lineTo(-44, -90);
  pen.lineTo(-86, -36);
  pen.fill();
  pen.strokeStyle = "rgba(0,0,0,.34)";
  pen.lineWidth = 3;
  pen.beginPath();
  pen.moveTo(-22, -24);
  pen.lineTo(-16, 60);
  pen.moveTo(-160, -22);
  pen.quadraticCurveTo(-176, 20, -150, 58);
  pen.moveTo(132, -24);
  pen.lineTo(112, 56);
  pen.stroke();
  pen.fillStyle = "rgba(0,0,0,.4)";
  pen.fillRect(14, -8, 34, 6);
  pen.fillRect(-132, -8, 34, 6);
  pen.fillStyle = "#fff7d8";
  pen.beginPath();
  pen.ellipse(266, 8, 20, 10, 0.5, 0, 7);
  pen.fill();
  pen.fillStyle = "#c0261c";
  pen.beginPath();
  pen.ellipse(-276, 4, 10, 16, 0.2, 0, 7);
  pen.fill();
  for (const x of [-172, 176]) wheel(pen, x);
}

function wheel(pen, x) {
  const ring = (radius, colour) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, 62, radius, 0, 7);
    pen.fill();
  };
  ring(58, "#202327");
  ring(50, "#141618");
  ring(33, "#c6cbd0");
  pen.strokeStyle = "#7d848a";
  pen.lineWidth = 6;
  for (let spoke = 0; spoke < 5; spoke += 1) {
    pen.beginPath();
    pen.moveTo(x, 62);
    pen.lineTo(x + 31 * Math.cos(spoke * 1.257), 62 + 31 * Math.sin(spoke * 1.257));
    pen.stroke();
  }
  ring(9, "#5d646a");
}

/** Noise makes every picture another file, as two real photos are. */
function grain(pen, index) {
  for (let dot = 0; dot < 900; dot += 1) {
    pen.fillStyle = `rgba(${(dot * 37 + index) % 2 ? "255,255,255" : "0,0,0"},.05)`;
    pen.fillRect(Math.random() * 960, Math.random() * 720, 3, 3);
  }
}

function lighten(hex, by) {
  const part = (start) => Math.max(0, Math.min(255, parseInt(hex.slice(start, start + 2), 16) + by));
  return `rgb(${part(1)},${part(3)},${part(5)})`;
}
