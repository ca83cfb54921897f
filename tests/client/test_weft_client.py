"""The Python client against a real server."""

import asyncio
import io
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from client import JobCancelled, JobFailed, Progress, Refused, Unreachable, WaitTimeout, Weft, WeftError
from client.connection import Connection
from client.workflows import read_workflow
from tests.web.helpers.serving import NOBODY, serving
from tests.web.v2_helpers import drawn, loaded, png, safetensors, sampled, worker
from web.v2.events import JobStream


def with_client(folder, test, launches=None, **options):
    """Run a blocking test beside a server."""

    async def main(server):
        await asyncio.to_thread(test, Weft(server.url, token=options.get("token")))

    serving(folder, main, [worker(folder)] if launches is None else launches, **options)


def colour(file):
    return Image.open(io.BytesIO(file.read())).getpixel((0, 0))


def test_run_gives_pictures_seeds_and_models(tmp_path):
    def test(weft):
        model = weft.upload(safetensors(), to="models/loras/fine.safetensors")
        prompt = drawn(3)
        prompt["2"] = {"class_type": "Lora", "inputs": {"picture": ["1", 0], "name": model}}
        prompt["9"]["inputs"]["images"] = ["2", 0]
        result = weft.run(prompt, set={"Colour.seed": 5})
        (image,) = result.images
        assert colour(image) == (5, 0, 77) and image.node == "9" and image.media_type == "image/png"
        assert len(image.read()) == image.size
        assert result.seeds == {"1": 5} and [*result.models] == ["fine.safetensors"]
        assert result.of("9") == [image] and result.job.seconds >= 0
        saved = result.save(tmp_path / "mine")
        again = image.save(tmp_path / "mine")
        assert [path.name for path in saved] == ["made_00001_.png"] and again.name == "made_00001_ (1).png"
        assert weft.download(image, tmp_path / "chosen.png").read_bytes() == image.read()

    with_client(tmp_path, test)


def test_progress_is_told_and_a_running_job_can_be_cancelled(tmp_path):
    def test(weft):
        told = []
        weft.run(sampled(steps=10, seconds=0.1), on_progress=told.append)
        assert [one.value for one in told] == sorted(one.value for one in told) and told[-1].value == 1.0
        assert any(one.node_type == "Sampler" and one.steps == 10 for one in told)
        job = weft.submit(sampled(steps=2000, seconds=0.05))
        stepped = threading.Event()

        def cancel():
            assert stepped.wait(60)
            weft.cancel(job)

        with ThreadPoolExecutor(1) as pool:
            cancelling = pool.submit(cancel)
            with pytest.raises(JobCancelled, match="was cancelled"):
                weft.wait(job, 60, on_progress=lambda progress: progress.step and stepped.set())
            cancelling.result()

    with_client(tmp_path, test)


def test_a_wait_may_end_before_the_job(tmp_path):
    def test(weft):
        with pytest.raises(WaitTimeout, match="It goes on") as raised:
            weft.run(drawn(1), wait=0.2)
        assert raised.value.job.status == "queued" and isinstance(raised.value, TimeoutError)
        first, second = raised.value.job, weft.submit(drawn(2), front=True)
        assert [job.id for job in weft.queue()] == [second.id, first.id]
        assert [job.position for job in weft.queue()] == [1, 2]
        assert weft.cancel(first).status == "canceled"
        assert [job.id for job in weft.history()] == [first.id] and weft.history(status="succeeded") == []
        with pytest.raises(JobCancelled):
            weft.wait(first)

    async def paused(server):
        await server.ready()
        await server.dispatcher.pause("for a test")
        await asyncio.to_thread(test, Weft(server.url))

    serving(tmp_path, paused, [worker(tmp_path)])


def test_refusals_are_sentences_that_name_the_nodes(tmp_path):
    def test(weft):
        wrong = {**drawn(1), "9": {"class_type": "SaveImage", "inputs": {}}}
        with pytest.raises(Refused) as raised:
            weft.run(wrong)
        (problem,) = raised.value.problems
        assert (problem.node, problem.node_type, problem.input) == ("9", "SaveImage", "images")
        assert raised.value.status == 400 and raised.value.code == "prompt_outputs_failed_validation"
        assert "node 9 (SaveImage), images: Required input is missing" in str(raised.value)
        with pytest.raises(Refused, match=r"no input 'sed'.*There are: seed"):
            weft.submit(drawn(1), set={"1.sed": 5})
        with pytest.raises(Refused, match="no such job") as raised:
            weft.job("nothing here")
        assert raised.value.code == "not_found"
        with pytest.raises(Refused, match="safetensors"):
            weft.upload(b"no model", to="models/loras/x.safetensors")

    with_client(tmp_path, test)


def test_a_failed_job_names_its_node(tmp_path):
    def test(weft):
        prompt = {**drawn(3), "2": {"class_type": "Fail", "inputs": {"message": "no paint left"}}}
        prompt["9"]["inputs"]["images"] = ["2", 0]
        with pytest.raises(JobFailed, match=r"at node 2 \(Fail\): .*no paint left") as raised:
            weft.run(prompt)
        assert raised.value.job.error["class_type"] == "Fail"

    with_client(tmp_path, test)


def test_uploads_are_used_by_their_name(tmp_path):
    def test(weft):
        (tmp_path / "photo.png").write_bytes(png((9, 8, 7)))
        name = weft.upload(tmp_path / "photo.png")
        assert name == "photo.png"
        assert colour(weft.run(loaded(name)).images[0]) == (9, 8, 7)
        other = weft.upload(png((1, 2, 3)), to="photo.png")
        assert other == "photo (1).png"
        with io.BytesIO(png((4, 5, 6))) as stream:
            deeper = weft.upload(stream, to='people/a "b".png')
        assert colour(weft.run(loaded(deeper)).images[0]) == (4, 5, 6)
        with pytest.raises(WeftError, match="Give the upload a name"):
            weft.upload(b"data")
        with pytest.raises(WeftError, match="cannot be read"):
            weft.upload(tmp_path / "nothing.png")

    with_client(tmp_path, test)


def test_a_key_makes_a_job_once(tmp_path):
    def test(weft):
        first = weft.submit(drawn(1), key="mine")
        assert weft.submit(drawn(1), key="mine").id == first.id
        with pytest.raises(Refused, match="Idempotency-Key"):
            weft.submit(drawn(2), key="mine")

    with_client(tmp_path, test)


def test_the_token_is_sent(tmp_path):
    def test(weft):
        assert weft.health()["status"] in ("ok", "starting")
        with pytest.raises(Refused, match="asks for a token") as raised:
            Weft(weft.address).health()
        assert raised.value.status == 401

    with_client(tmp_path, test, NOBODY, token="secret")


def test_a_server_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} does not answer.*main.py"):
        Weft(f"127.0.0.1:{port}").health()
    with pytest.raises(WeftError, match="is no address"):
        Weft("ftp://example.com")


def test_workflows_are_read_from_files_and_pictures(tmp_path):
    (tmp_path / "w.json").write_text("\ufeff" + json.dumps(drawn(1)), encoding="utf-8")
    assert read_workflow(tmp_path / "w.json") == read_workflow(drawn(1)) == drawn(1)
    for compressed in (False, True):
        info = PngInfo()
        info.add_itxt("prompt", json.dumps({"1": {"class_type": "ü", "inputs": {}}}), zip=compressed)
        Image.new("RGB", (4, 4)).save(tmp_path / "w.png", pnginfo=info)
        assert read_workflow(tmp_path / "w.png")["1"]["class_type"] == "ü"
    info = PngInfo()
    info.add_text("prompt", json.dumps(drawn(2)))
    Image.new("RGB", (4, 4)).save(tmp_path / "w.png", pnginfo=info)
    assert read_workflow(str(tmp_path / "w.png")) == drawn(2)
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    Image.new("RGB", (4, 4)).save(tmp_path / "none.png")
    for name, said in (
        ("bad.json", "is not JSON"),
        ("list.json", "JSON object"),
        ("none.png", "no workflow"),
        ("x", "read"),
    ):
        with pytest.raises(WeftError, match=said):
            read_workflow(tmp_path / name)


def test_a_picture_that_the_server_made_can_be_run_again(tmp_path):
    def test(weft):
        info = PngInfo()
        info.add_text("prompt", json.dumps(drawn(200)))
        Image.new("RGB", (4, 4)).save(tmp_path / "made.png", pnginfo=info)
        assert colour(weft.run(tmp_path / "made.png", {"seed": 201}).images[0]) == (201, 0, 77)

    with_client(tmp_path, test)


def test_a_stream_that_breaks_is_made_up_for_by_asking(tmp_path, monkeypatch):
    async def break_off(self, watcher):
        return None

    monkeypatch.setattr(JobStream, "_follow", break_off)

    def test(weft):
        assert len(weft.run(sampled(steps=5, seconds=0.1)).images) == 1

    with_client(tmp_path, test)


def test_an_answer_that_is_lost_makes_no_second_job(tmp_path, monkeypatch):
    send, lost = Connection.json, []

    def lossy(self, method, path, *more):
        answer = send(self, method, path, *more)
        if path == "/prompt" and not lost:
            lost.append(answer)
            raise Unreachable("The connection was cut.")
        return answer

    monkeypatch.setattr(Connection, "json", lossy)

    def test(weft):
        result = weft.run(drawn(6))
        assert lost and result.job.id == weft.job(lost[0]["prompt_id"]).id
        assert len(weft.history()) == 1

    with_client(tmp_path, test)


def test_what_is_no_server_of_weft_is_told():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        with pytest.raises(Unreachable, match="is no Weft server"):
            Weft(f"http://127.0.0.1:{other.server_port}").health()
        thread.join()


def test_a_redirect_is_not_followed_with_the_token():
    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Redirect) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        with pytest.raises(Refused) as raised:
            Weft(f"http://127.0.0.1:{other.server_port}", token="secret").health()
        assert raised.value.status == 302
        thread.join()


def test_progress_between_two_nodes_has_an_empty_message():
    told = {"value": 0.5, "nodes_done": 1, "nodes_total": 2, "message": None}
    assert Progress.of(told).message == ""
